/**
 * A block of code: a head with the language and a button, and one element a line, so that a long listing that grows is
 * not laid out anew. Lines are coloured when the next one begins; a diagram is drawn when it is complete. Made by
 * create-view.ts.
 */

import { textLineCount } from "../blocks/block.ts";
import { createGroups } from "./groups.ts";
import { setText } from "./patch.ts";
import { isFinal } from "./view.ts";
import type { View, ViewContext } from "./view.ts";

/** A browser that adds a line walks over all elements beside it. */
const linesPerGroup = 100;
const diagramLanguage = "mermaid";

export function createCodeView(key: string, language: string, context: ViewContext): View {
  const { figure, code } = createFigure(language, context);
  const lines: HTMLElement[] = [];
  const groups = createGroups({
    size: linesPerGroup,
    open() {
      const made = code.appendChild(context.document.createElement("span"));
      made.className = "lines";
      return made;
    },
  });
  const colouring = context.colour((index) => lines[index], language);
  const diagram = language === diagramLanguage ? context.openDiagram(figure) : undefined;
  /** So many lines have their whole text, with the break at their end. */
  let finished = 0;

  function showLine(index: number, text: string): void {
    const line = lines[index];
    if (line === undefined) {
      const made = context.document.createElement("span");
      made.className = "line";
      made.append(text);
      groups.at(index).append(made);
      lines.push(made);
    } else if (line.textContent !== text) {
      colouring.forget(index);
      if (line.childNodes.length === 1 && line.firstChild instanceof Text) setText(line.firstChild, text);
      else line.textContent = text;
    }
  }

  return {
    key,
    element: figure,
    show({ block, lineCount }) {
      // Blank lines that end indented code are not a part of it.
      const texts = block.kind === "indented" ? block.lines.slice(0, textLineCount(block.lines)) : block.lines;
      const last = texts.length - 1;
      for (let index = finished; index <= last; index += 1) {
        showLine(index, index === last ? (texts[index] ?? "") : `${texts[index]}\n`);
      }
      for (const line of lines.splice(texts.length)) line.remove();
      finished = Math.max(0, last);
      groups.settle(texts.length, 0);
      const final = isFinal(block, lineCount);
      colouring.advance(final ? texts.length : finished);
      diagram?.show(final ? texts.join("\n") : undefined);
      return true;
    },
    restart() {
      finished = 0;
    },
  };
}

function createFigure(
  language: string,
  { document, copyLabel }: ViewContext,
): { figure: HTMLElement; code: HTMLElement } {
  const figure = document.createElement("figure");
  figure.className = "code";
  const head = figure.appendChild(document.createElement("figcaption"));
  head.className = "code-head";
  const name = head.appendChild(document.createElement("span"));
  name.textContent = language;
  const copy = head.appendChild(document.createElement("button"));
  copy.type = "button";
  copy.className = "code-copy";
  copy.textContent = copyLabel;
  const pre = figure.appendChild(document.createElement("pre"));
  pre.tabIndex = 0;
  pre.dir = "ltr";
  return { figure, code: pre.appendChild(document.createElement("code")) };
}
