/**
 * What was defined so far, and which texts wait for a definition: a link may be used long before it is defined, and
 * then only the texts that use its label are read again. Used by renderer.ts.
 */

import type { Definition } from "../blocks/definitions.ts";
import type { Markdown, References } from "../inline/markdown.ts";

export interface LabelWatch {
  readonly references: References;
  define(definition: Definition): void;
  defineFootnote(label: string): void;
  awaitLabels(source: string, onDefined: () => void): void;
  /** Lets those know whose labels were defined since. */
  settle(): void;
  restart(): void;
}

const usedLabel = /\[(\^?(?:[^\\[\]]|\\.){1,999})\]/gsu;

export function createLabelWatch({ normalizeLabel }: Pick<Markdown, "normalizeLabel">): LabelWatch {
  const links: References["links"] = {};
  const footnotes = new Set<string>();
  const waiting = new Map<string, Set<() => void>>();
  const due = new Set<() => void>();

  function wake(label: string): void {
    for (const onDefined of waiting.get(label) ?? []) due.add(onDefined);
    waiting.delete(label);
  }

  return {
    references: { links, footnotes },
    define({ label, href, title }) {
      const name = normalizeLabel(label);
      if (Object.hasOwn(links, name)) return;
      links[name] = { href, title };
      wake(name);
    },
    defineFootnote(label) {
      if (footnotes.has(label)) return;
      footnotes.add(label);
      wake(`^${label}`);
    },
    awaitLabels(source, onDefined) {
      if (!source.includes("[")) return;
      for (const [, label] of source.matchAll(usedLabel)) {
        if (label === undefined) continue;
        const name = label.startsWith("^") ? label : normalizeLabel(label);
        if (Object.hasOwn(links, name)) continue;
        const others = waiting.get(name) ?? new Set();
        waiting.set(name, others.add(onDefined));
      }
    },
    settle() {
      for (const onDefined of due) onDefined();
      due.clear();
    },
    restart() {
      for (const name of Object.keys(links)) delete links[name];
      footnotes.clear();
      waiting.clear();
      due.clear();
    },
  };
}
