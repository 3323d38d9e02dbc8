/** Two ways to tell of which blocks a text is made: ours, and that of a parser that reads the whole. */
import MarkdownIt from "markdown-it";
import type { Token } from "markdown-it";
import type { Block, TableBlock } from "../../src/typewriter/blocks/block.ts";
import { createScanner } from "../../src/typewriter/blocks/scanner.ts";

/** A block: its name, then what is in it. */
export type Outline = (string | Outline)[];

const parser = new MarkdownIt({ html: false });
parser.validateLink = () => true;

/** @param tried add each line first on trial, at each of its lengths. */
export function outline(text: string, tried: boolean): Outline[] {
  const scanner = createScanner({ reader: parser, onDefinition: () => undefined, onFootnote: () => undefined });
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  for (const line of lines) {
    for (let length = 1; tried && length <= line.length; length += 1) {
      scanner.tryLine(line.slice(0, length));
      scanner.retract();
    }
    scanner.addLine(line);
  }
  scanner.end();
  return scanner.document.children.map(ofBlock);
}

function ofBlock(block: Block): Outline {
  const children = (): Outline[] => block.children.map(ofBlock);
  switch (block.kind) {
    case "document":
      return ["document", ...children()];
    case "quote":
      return ["blockquote", ...children()];
    case "list":
      return [block.marker.ordered ? `ol${block.marker.start}` : "ul", ...children()];
    case "item":
      return ["li", ...children()];
    case "footnote":
      return ["footnote", block.label, ...children()];
    case "paragraph":
      return withText("p", block.lines.join("\n"));
    case "heading":
      return withText(`h${block.level}`, block.lines.join("\n"));
    case "fence":
      return ["code", block.language, block.lines.join("\n")];
    case "indented":
      return ["code", "", block.lines.join("\n")];
    case "math":
      return ["math", block.lines.join("\n")];
    case "rule":
      return ["hr"];
    case "table":
      return ["table", row(block.head, "th", block), ...block.children.map(({ lines }) => row(lines, "td", block))];
    case "row":
      return ["tr"];
  }
}

function row(cells: readonly string[], tag: string, { alignments }: TableBlock): Outline {
  return ["tr", ...alignments.map((alignment, index) => withText(tag + alignment, cells[index] ?? ""))];
}

function withText(name: string, text: string): Outline {
  const lines = text.split("\n").map((line) => line.trim());
  const trimmed = lines.join("\n").trim();
  return trimmed === "" ? [name] : [name, trimmed];
}

export function expectedOutline(text: string): Outline[] {
  const root: Outline[] = [];
  const stack: (string | Outline)[][] = [root];
  for (const token of parser.parse(text, {})) {
    if (/^(?:thead|tbody)_/u.test(token.type)) continue;
    if (token.nesting === -1) {
      stack.pop();
      continue;
    }
    const made = ofToken(token);
    if (made !== undefined) stack.at(-1)?.push(made);
    if (token.nesting === 1 && typeof made === "object") stack.push(made);
  }
  return root;
}

function ofToken(token: Token): string | Outline | undefined {
  if (token.type === "inline") return withText("", token.content)[1];
  if (token.type === "hr") return ["hr"];
  if (token.nesting === 0)
    return ["code", token.info.trim().split(/[\s{]/u)[0] ?? "", token.content.replace(/\n$/u, "")];
  if (token.tag === "ol") return [`ol${Number(token.attrGet("start") ?? 1)}`];
  const alignment = /left|right|center/u.exec(String(token.attrGet("style") ?? ""))?.[0] ?? "";
  return [token.tag + alignment];
}
