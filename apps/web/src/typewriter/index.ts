/** The typewriter, free of any framework: what the page's components use of it. */
export { createTypesetter } from "./formula/typesetter.ts";
export type { Typesetter } from "./formula/typesetter.ts";
export { createDiagrams } from "./diagram/diagrams.ts";
export type { Diagrams } from "./diagram/diagrams.ts";
export { createGraphemes } from "./graphemes.ts";
export type { Graphemes } from "./graphemes.ts";
export { createHighlighter } from "./colour/highlighter.ts";
export type { Highlighter } from "./colour/highlighter.ts";
export { createMarkdown } from "./inline/markdown.ts";
export type { Markdown } from "./inline/markdown.ts";
export { createRenderer } from "./renderer.ts";
export { createTypist } from "./typist.ts";
export type { Typist } from "./typist.ts";
