/** The page's typewriter without the page, for bench/render: bundled and loaded into a browser there. */
import { createHighlighter, createMarkdown, createRenderer } from "../src/typewriter/index.ts";
import "../src/styles/base.css";
import "../src/styles/answer.css";

function mount(container: HTMLElement): { receive(text: string): void; end(text: string): void } {
  container.className = "answer";
  const renderer = createRenderer({
    container,
    markdown: createMarkdown(),
    copyLabel: "Copy",
    imageLabel: "Image",
    taskLabel: "Task",
    colour: createHighlighter().colour,
    onFormula: () => undefined,
    onFormulaBegin: () => undefined,
    openDiagram: () => ({ show: () => undefined }),
  });
  return { receive: (text) => renderer.update(text, false), end: (text) => renderer.update(text, true) };
}

Object.assign(globalThis, { mountSubject: mount });
