/** Code -> runs of characters of one kind. The only file that knows Shiki; loaded lazily by highlighter.ts. */

import { createCssVariablesTheme, createHighlighterCore } from "shiki/core";
import type { GrammarState, HighlighterCore, LanguageRegistration } from "shiki/core";
import { createJavaScriptRegexEngine } from "shiki/engine/javascript";

export interface Run {
  content: string;
  /** Names a class; empty for plain text. */
  kind: string;
}

/** Longer lines stay plain: grammars take time that grows with the square of a line. */
const longestLineChars = 1000;
const longestLineMs = 20;
/** A line that was broken off is begun again so often: a grammar's first lines take longer, as it is only being prepared. */
const mostTries = 8;
const theme = "css-variables";

const grammars: Record<string, () => Promise<{ default: LanguageRegistration[] }>> = {
  bash: () => import("shiki/langs/bash.mjs"),
  c: () => import("shiki/langs/c.mjs"),
  cpp: () => import("shiki/langs/cpp.mjs"),
  csharp: () => import("shiki/langs/csharp.mjs"),
  css: () => import("shiki/langs/css.mjs"),
  diff: () => import("shiki/langs/diff.mjs"),
  docker: () => import("shiki/langs/docker.mjs"),
  go: () => import("shiki/langs/go.mjs"),
  html: () => import("shiki/langs/html.mjs"),
  http: () => import("shiki/langs/http.mjs"),
  ini: () => import("shiki/langs/ini.mjs"),
  java: () => import("shiki/langs/java.mjs"),
  javascript: () => import("shiki/langs/javascript.mjs"),
  json: () => import("shiki/langs/json.mjs"),
  jsonc: () => import("shiki/langs/jsonc.mjs"),
  jsx: () => import("shiki/langs/jsx.mjs"),
  kotlin: () => import("shiki/langs/kotlin.mjs"),
  lua: () => import("shiki/langs/lua.mjs"),
  make: () => import("shiki/langs/make.mjs"),
  markdown: () => import("shiki/langs/markdown.mjs"),
  nginx: () => import("shiki/langs/nginx.mjs"),
  php: () => import("shiki/langs/php.mjs"),
  python: () => import("shiki/langs/python.mjs"),
  ruby: () => import("shiki/langs/ruby.mjs"),
  rust: () => import("shiki/langs/rust.mjs"),
  sql: () => import("shiki/langs/sql.mjs"),
  swift: () => import("shiki/langs/swift.mjs"),
  toml: () => import("shiki/langs/toml.mjs"),
  tsx: () => import("shiki/langs/tsx.mjs"),
  typescript: () => import("shiki/langs/typescript.mjs"),
  vue: () => import("shiki/langs/vue.mjs"),
  xml: () => import("shiki/langs/xml.mjs"),
  yaml: () => import("shiki/langs/yaml.mjs"),
};

const otherNames: Record<string, string> = {
  "c#": "csharp",
  "c++": "cpp",
  cs: "csharp",
  dockerfile: "docker",
  js: "javascript",
  kt: "kotlin",
  makefile: "make",
  md: "markdown",
  mjs: "javascript",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  ts: "typescript",
  yml: "yaml",
  zsh: "bash",
};

export interface Colourer {
  /** @returns undefined for a language that is not known. */
  open(language: string): Promise<LineColourer | undefined>;
}

/** Takes the lines of one block of code, in their order. */
export interface LineColourer {
  /** @returns undefined if it took too long: the same line is to be given again, a little later. */
  next(line: string): Run[] | undefined;
  /** The first line comes again. */
  restart(): void;
}

export async function openColourer(): Promise<Colourer> {
  const highlighter = await createHighlighterCore({
    themes: [createCssVariablesTheme({ name: theme, variablePrefix: "--tok-", fontStyle: false })],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
  return {
    async open(language) {
      const lang = otherNames[language] ?? language;
      const grammar = Object.hasOwn(grammars, lang) ? grammars[lang] : undefined;
      if (grammar === undefined) return undefined;
      await highlighter.loadLanguage(grammar());
      return createLineColourer(highlighter, lang);
    },
  };
}

function createLineColourer(highlighter: HighlighterCore, lang: string): LineColourer {
  /** Where the grammar stands after the last line: in a comment, in a string of several lines. */
  let grammarState: GrammarState | undefined;
  /** So often was the line broken off that is next. */
  let tries = 0;
  return {
    next(line) {
      if (line.length >= longestLineChars) return [{ content: line, kind: "" }];
      const options = { lang, theme, tokenizeTimeLimit: longestLineMs };
      const fromMs = performance.now();
      const lines = highlighter.codeToTokensBase(
        line,
        grammarState === undefined ? options : { ...options, grammarState },
      );
      tries += 1;
      if (performance.now() - fromMs >= longestLineMs && tries < mostTries) return undefined;
      tries = 0;
      grammarState = highlighter.getLastGrammarState(lines);
      return lines.flat().map(({ content, color }) => ({ content, kind: kindOf(color) }));
    },
    restart() {
      tries = 0;
      grammarState = undefined;
    },
  };
}

/** The theme's colours are names of variables, such as `var(--tok-token-keyword)`. */
function kindOf(color: string | undefined): string {
  return /--tok-token-([a-z-]+)/u.exec(color ?? "")?.[1] ?? "";
}
