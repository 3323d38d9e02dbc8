/**
 * Growing markdown -> DOM. Each line is read once; only what is still open is looked at again with a frame. What stands
 * on the page when the text is complete equals what it would be, rendered in one go. Called by typist.ts once a frame.
 */

import { beginsWith } from "./begins-with.ts";
import { isHeldBack } from "./blocks/hold-back.ts";
import { createScanner } from "./blocks/scanner.ts";
import type { Scanner } from "./blocks/scanner.ts";
import { createView } from "./dom/create-view.ts";
import { createChildViews } from "./dom/child-views.ts";
import { createSections } from "./dom/sections.ts";
import { createLabelWatch } from "./dom/label-watch.ts";
import type { ViewContext } from "./dom/view.ts";
import type { Markdown } from "./inline/markdown.ts";

export interface Renderer {
  /** `text` is everything to be shown; `ended` says that it is complete. */
  update(text: string, ended: boolean): void;
}

export interface RendererOptions extends Pick<
  ViewContext,
  "colour" | "openDiagram" | "copyLabel" | "imageLabel" | "taskLabel" | "onFormula" | "onFormulaBegin"
> {
  container: HTMLElement;
  markdown: Markdown;
}

interface Reading {
  scanner: Scanner;
  /** Text that was given to `update`, as it came. */
  received: string;
  /** Where the line begins that is not complete. */
  lineStart: number;
  ended: boolean;
}

export function createRenderer(options: RendererOptions): Renderer {
  const { container, markdown } = options;
  const watch = createLabelWatch(markdown);
  const context: ViewContext = {
    createView,
    ...options,
    document: container.ownerDocument,
    references: watch.references,
    awaitLabels: watch.awaitLabels,
  };
  const views = createChildViews(createSections(container), context);
  let reading = startReading();

  function startReading(): Reading {
    watch.restart();
    const scanner = createScanner({
      reader: markdown.reader,
      onDefinition: watch.define,
      onFootnote: watch.defineFootnote,
    });
    return { scanner, received: "", lineStart: 0, ended: false };
  }

  function readLines(text: string): void {
    let from = reading.lineStart;
    for (let end = lineEnd(text, from); end !== undefined; end = lineEnd(text, from)) {
      reading.scanner.addLine(cleaned(text.slice(from, end.at)));
      from = end.next;
    }
    reading.lineStart = from;
  }

  return {
    update(text, ended) {
      if (text === reading.received && ended === reading.ended) return;
      if (reading.ended || !beginsWith(text, reading.received)) {
        reading = startReading();
        views.restart();
      }
      const { scanner } = reading;
      scanner.retract();
      readLines(text);
      reading.received = text;
      reading.ended = ended;
      const line = cleaned(text.slice(reading.lineStart)).replace(/\r$/u, "");
      if (ended) {
        if (line !== "") scanner.addLine(line);
        scanner.end();
      } else if (line !== "" && !isHeldBack(line, scanner.tip)) {
        scanner.tryLine(line);
      }
      views.show(scanner.document, scanner.lineCount);
      watch.settle();
    },
  };
}

/** A line feed, a carriage return or both end a line; a last carriage return may be the first half of both. */
function lineEnd(text: string, from: number): { at: number; next: number } | undefined {
  const feed = text.indexOf("\n", from);
  const at = feed === -1 ? text.length : feed;
  const carriage = text.slice(from, at).indexOf("\r");
  if (carriage !== -1 && from + carriage < at - 1) return { at: from + carriage, next: from + carriage + 1 };
  if (feed === -1) return undefined;
  return { at: carriage === -1 ? feed : feed - 1, next: feed + 1 };
}

/** More marks on one letter are no writing: a browser takes seconds for some ten thousand. */
const tooManyMarks = /(\p{M}{100})\p{M}+/gu;

function cleaned(line: string): string {
  const whole = line.includes("\0") ? line.replaceAll("\0", "\uFFFD") : line;
  return line.length > 100 ? whole.replaceAll(tooManyMarks, "$1") : whole;
}
