/** The typewriter, free of any framework: what the page's components use of it. */
export { createGraphemes } from "./graphemes.ts";
export type { Graphemes } from "./graphemes.ts";
export { createHighlighter } from "./highlighter.ts";
export type { Highlighter } from "./highlighter.ts";
export { createMarkdown } from "./markdown.ts";
export type { Markdown } from "./markdown.ts";
export { createRenderer } from "./renderer.ts";
export { createTypist } from "./typist.ts";
export type { Typist } from "./typist.ts";
