/**
 * Colours a code block once it is complete. Colours are classes, never widths: nothing moves. Shiki and the grammar of
 * a language are loaded when the first such block comes. Called by components/AnswerText.vue.
 */

import type { Colourer } from "./colours.ts";

export interface Highlighter {
  /** Colours `code`, whose text is `text`; leaves it plain where the language is not known. */
  highlight(code: HTMLElement, language: string, text: string): Promise<void>;
}

/** Longer code stays plain: colouring it would hold up the page. */
const longestChars = 20_000;

export function createHighlighter(): Highlighter {
  let opening: Promise<Colourer> | undefined;
  return {
    async highlight(code, language, text) {
      if (language === "" || text.length > longestChars) return;
      opening ??= import("./colours.ts").then(({ openColourer }) => openColourer());
      const lines = await (await opening).lines(text, language.toLowerCase());
      if (lines === undefined || code.textContent !== text || isSelected(code)) return;
      const { ownerDocument } = code;
      const fragment = ownerDocument.createDocumentFragment();
      lines.forEach((line, index) => {
        if (index > 0) fragment.append("\n");
        for (const { content, kind } of line)
          fragment.append(kind === "" ? content : coloured(ownerDocument, content, kind));
      });
      // The same characters in the same places, or nothing.
      if (fragment.textContent === text) code.replaceChildren(fragment);
    },
  };
}

function coloured(document: Document, content: string, kind: string): HTMLElement {
  const span = document.createElement("span");
  span.className = `tok-${kind}`;
  span.textContent = content;
  return span;
}

function isSelected(code: HTMLElement): boolean {
  const selection = code.ownerDocument.getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(code, true);
}
