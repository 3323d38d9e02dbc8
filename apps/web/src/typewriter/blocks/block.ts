/** The blocks a markdown text is made of, as scanner.ts finds them and the views show them. */

interface BlockBase {
  children: Block[];
  /** Text of a leaf, without what belongs to the blocks around it. */
  lines: string[];
  /** Number of the line with which it ended; `stillOpen` as long as it can grow. */
  closedBy: number;
}

export interface ListMarker {
  ordered: boolean;
  /** `-`, `+`, `*`, `.` or `)`: another one begins another list. */
  character: string;
  start: number;
}
export interface DocumentBlock extends BlockBase {
  kind: "document";
}
export interface QuoteBlock extends BlockBase {
  kind: "quote";
}
export interface ListBlock extends BlockBase {
  kind: "list";
  marker: ListMarker;
}
export interface ItemBlock extends BlockBase {
  kind: "item";
  /** Columns that a line needs before its text to belong to the item. */
  contentColumns: number;
}
export interface FootnoteBlock extends BlockBase {
  kind: "footnote";
  label: string;
}
export interface ParagraphBlock extends BlockBase {
  kind: "paragraph";
}
export interface HeadingBlock extends BlockBase {
  kind: "heading";
  level: number;
  /** Headings that it stands under, itself counted: a text may leave levels out, or begin with a low one. */
  depth: number;
}
export interface FenceBlock extends BlockBase {
  kind: "fence";
  language: string;
  character: string;
  length: number;
  /** Columns before the opening fence: so many are taken from each line. */
  indent: number;
}
export interface IndentedBlock extends BlockBase {
  kind: "indented";
}
export interface MathBlock extends BlockBase {
  kind: "math";
  /** What ends it. */
  closing: string;
}
export interface RuleBlock extends BlockBase {
  kind: "rule";
}
export type Alignment = "" | "left" | "center" | "right";
export interface TableBlock extends BlockBase {
  kind: "table";
  head: string[];
  alignments: Alignment[];
}
export interface RowBlock extends BlockBase {
  kind: "row";
}
export type CodeBlock = FenceBlock | IndentedBlock;
export type Block =
  | DocumentBlock
  | QuoteBlock
  | ListBlock
  | ItemBlock
  | FootnoteBlock
  | ParagraphBlock
  | HeadingBlock
  | CodeBlock
  | MathBlock
  | RuleBlock
  | TableBlock
  | RowBlock;

export const stillOpen: number = Number.POSITIVE_INFINITY;

const containers: ReadonlySet<Block["kind"]> = new Set(["document", "quote", "item", "footnote"]);

export function createBase(lines: string[] = []): BlockBase {
  return { children: [], lines, closedBy: stillOpen };
}

export function canHold(parent: Block, child: Block): boolean {
  if (parent.kind === "list") return child.kind === "item";
  if (parent.kind === "table") return child.kind === "row";
  return containers.has(parent.kind) && child.kind !== "item" && child.kind !== "row";
}

/** Its lines are taken as they are: nothing in them begins another block. */
export function isVerbatim(block: Block): block is CodeBlock | MathBlock {
  return block.kind === "fence" || block.kind === "indented" || block.kind === "math";
}

/** Lines up to the last one that is not blank. */
export function textLineCount(lines: readonly string[]): number {
  return lines.findLastIndex((line) => line.trim() !== "") + 1;
}
