/**
 * Colours the lines of code as they end. Colours are classes, never widths: nothing moves. Shiki and the grammar of a
 * language are loaded when the first line of it has come. Made in page/app-context.ts, called by the view of code.
 */

import type { Colourer, LineColourer, Run } from "./colours.ts";

export interface Highlighter {
  /** Colours the lines of a block of code; leaves them plain where the language is not known. */
  colour(lineAt: LineAt, language: string): Colouring;
}

/** The element of a line of code, whose text is the line. */
export type LineAt = (index: number) => HTMLElement | undefined;

export interface Colouring {
  /** So many lines have their whole text. */
  advance(lineCount: number): void;
  /** The text of a line has changed after all. */
  forget(line: number): void;
}

/** Colouring gives way to the page after this long. */
const sliceMs = 4;

export function createHighlighter(): Highlighter {
  let opening: Promise<Colourer> | undefined;
  const open = (): Promise<Colourer> => (opening ??= import("./colours.ts").then(({ openColourer }) => openColourer()));
  return {
    colour: (lineAt, language) =>
      language === "" ? plain : createColouring(lineAt, async () => (await open()).open(language.toLowerCase())),
  };
}

const plain: Colouring = { advance: () => undefined, forget: () => undefined };

function createColouring(lineAt: LineAt, open: () => Promise<LineColourer | undefined>): Colouring {
  let colourer: LineColourer | undefined;
  let state: "new" | "opening" | "ready" | "unknown" = "new";
  let finished = 0;
  let next = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Lines in which text was selected when their turn came. */
  const selected = new Map<HTMLElement, Run[]>();

  async function prepare(): Promise<void> {
    state = "opening";
    colourer = await open().catch(() => undefined);
    state = colourer === undefined ? "unknown" : "ready";
    schedule();
  }

  function schedule(): void {
    if (state === "ready" && next < finished) timer ??= setTimeout(colourLines, 0);
  }

  function colourLines(): void {
    timer = undefined;
    const until = performance.now() + sliceMs;
    while (next < finished && performance.now() < until) {
      const line = lineAt(next);
      const runs = colourer?.next(line?.textContent.replace(/\n$/u, "") ?? "");
      if (runs === undefined) break;
      next += 1;
      if (line !== undefined) show(line, runs);
    }
    schedule();
  }

  function show(line: HTMLElement, runs: Run[]): void {
    if (runs.every(({ kind }) => kind === "")) return;
    if (!isSelected(line)) return paint(line, runs);
    if (selected.size === 0) line.ownerDocument.addEventListener("selectionchange", showDeselected);
    selected.set(line, runs);
  }

  function showDeselected({ currentTarget }: Event): void {
    for (const [line, runs] of selected) {
      if (isSelected(line)) continue;
      selected.delete(line);
      paint(line, runs);
    }
    if (selected.size === 0) currentTarget?.removeEventListener("selectionchange", showDeselected);
  }

  return {
    advance(lineCount) {
      finished = lineCount;
      if (finished === 0) return;
      if (state === "new") void prepare();
      else schedule();
    },
    forget(line) {
      if (line >= next) return;
      next = 0;
      colourer?.restart();
    },
  };
}

function paint(line: HTMLElement, runs: Run[]): void {
  const { ownerDocument, textContent } = line;
  const nodes = runs.map(({ content, kind }) => {
    if (kind === "") return content;
    const span = ownerDocument.createElement("span");
    span.className = `tok-${kind}`;
    span.textContent = content;
    return span;
  });
  const text = runs.map(({ content }) => content).join("");
  // The same characters in the same places, or nothing.
  if (text === textContent) line.replaceChildren(...nodes);
  else if (`${text}\n` === textContent) line.replaceChildren(...nodes, "\n");
}

function isSelected(line: HTMLElement): boolean {
  const selection = line.ownerDocument.getSelection();
  return selection !== null && !selection.isCollapsed && selection.containsNode(line, true);
}
