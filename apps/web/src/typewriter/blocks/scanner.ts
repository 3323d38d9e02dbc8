/**
 * Lines -> blocks. Each whole line is read once and added to the blocks that are open; those it closes never change
 * again. The unfinished last line is added on trial and taken back before more text comes. Called by renderer.ts.
 *
 * @see https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy
 */

import { canHold, createBase, isVerbatim, textLineCount } from "./block.ts";
import type { Block, DocumentBlock, HeadingBlock, ListMarker, ParagraphBlock } from "./block.ts";
import { endsBlock, goesOn } from "./continuation.ts";
import { takeDefinitions } from "./definitions.ts";
import type { Definition, DefinitionReader } from "./definitions.ts";
import { LineCursor } from "./line-cursor.ts";
import { blockStarts, codeIndent, underlineLevel } from "./starts.ts";
import { parseDelimiterRow, splitRow } from "./table.ts";
import { mark, putBack } from "./trial.ts";
import type { Mark } from "./trial.ts";

export interface Scanner {
  readonly document: DocumentBlock;
  /** Whole lines read. A block whose `closedBy` is not above it is final. */
  readonly lineCount: number;
  addLine(text: string): void;
  /** Adds what has come of the next line; `retract` takes it back. */
  tryLine(text: string): void;
  retract(): void;
  /** There is no more text. */
  end(): void;
  /** Where the next line goes if nothing in it says otherwise. */
  readonly tip: Block;
}

export interface ScannerOptions {
  reader: DefinitionReader;
  onDefinition(definition: Definition): void;
  onFootnote(label: string): void;
}

/** A browser lays a table out as so many columns in each row, however short the row is: with more of them it is none. */
const mostColumns = 100;
/** Deeper nesting is hostile: markers beyond it are text. */
const deepest = 60;

export function createScanner({ reader, onDefinition, onFootnote }: ScannerOptions): Scanner {
  const document: DocumentBlock = { ...createBase(), kind: "document" };
  /** The document, and in it the blocks that can still grow, each in the one before. */
  let open: Block[] = [document];
  let marks: Mark[] | undefined;
  let lineCount = 0;
  let onTrial = false;
  /** Levels of the heading that came last and of those that it stands under. */
  let headings: readonly number[] = [];
  let headingsBefore = headings;

  const tip = (): Block => open.at(-1) ?? document;

  function read(line: LineCursor): void {
    const kept = keepOpen(line);
    if (kept === 0) return;
    let holder = open[kept - 1] ?? document;
    let began = false;
    while (!isVerbatim(holder)) {
      const started = begin(line, holder, began ? open.length : kept);
      if (started === undefined) break;
      if (takesWholeLine(started)) return;
      began = true;
      holder = started;
    }
    if (!began && kept < open.length && tip().kind === "paragraph" && !line.isBlank) {
      tip().lines.push(line.content);
      return;
    }
    if (!began) closeDownTo(kept);
    addText(line);
  }

  /** @returns how many of the open blocks go on with this line; 0 where the line ends the last one and is done. */
  function keepOpen(line: LineCursor): number {
    for (let index = 1; index < open.length; index += 1) {
      const block = open[index] ?? document;
      if (isVerbatim(block) && endsBlock(block, line)) {
        closeDownTo(index);
        return 0;
      }
      if (!goesOn(block, line)) return index;
    }
    return open.length;
  }

  /** @returns the innermost block that the line begins here. */
  function begin(line: LineCursor, holder: Block, kept: number): Block | undefined {
    if (line.isBlank || open.length > deepest) return undefined;
    const inParagraph = holder.kind === "paragraph";
    if (inParagraph && line.indent < codeIndent) {
      const changed = changeParagraph(line, holder);
      if (changed !== undefined) return changed;
    }
    const context = { inParagraph, mayContinueParagraph: tip().kind === "paragraph" };
    const rules = line.indent < codeIndent ? blockStarts : blockStarts.slice(-1);
    for (const rule of rules) {
      const blocks = rule(line, context);
      if (blocks === undefined) continue;
      closeDownTo(kept);
      for (const block of blocks) add(block);
      return blocks.at(-1);
    }
    return undefined;
  }

  /** The line is the underline of a heading, or it makes the paragraph's last line the head of a table. */
  function changeParagraph(line: LineCursor, paragraph: ParagraphBlock): Block | undefined {
    const parent = open.at(-2) ?? document;
    const alignments = parseDelimiterRow(line.content);
    const headLine = paragraph.lines.at(-1) ?? "";
    if (alignments !== undefined && headLine.includes("|")) {
      const head = splitRow(headLine);
      if (head.length > 0 && head.length <= mostColumns && head.length === alignments.length) {
        paragraph.lines = paragraph.lines.slice(0, -1);
        closeTip();
        add({ ...createBase(), kind: "table", head, alignments });
        line.skipCharacters(line.rest.length);
        return tip();
      }
    }
    const level = underlineLevel(line);
    if (level === undefined) return undefined;
    const { lineCount: taken } = define(paragraph.lines);
    const lines = paragraph.lines.slice(taken);
    if (lines.length === 0) return undefined;
    const heading: HeadingBlock = { ...createBase(lines), kind: "heading", level, depth: 1, closedBy: lineCount + 1 };
    putUnderOthers(heading);
    parent.children[parent.children.length - 1] = heading;
    open.pop();
    return heading;
  }

  function add(block: Block): void {
    if (block.kind === "list" && continuesList(block.marker)) return;
    while (!canHold(tip(), block)) closeTip();
    tip().children.push(block);
    open.push(block);
    if (block.kind === "heading") putUnderOthers(block);
    if (block.kind === "footnote" && !onTrial) onFootnote(block.label);
    if (isFinished(block)) closeTip();
  }

  function putUnderOthers(heading: HeadingBlock): void {
    headings = [...headings.filter((level) => level < heading.level), heading.level];
    heading.depth = headings.length;
  }

  function continuesList(marker: ListMarker): boolean {
    const list = tip();
    if (list.kind !== "list") return false;
    return list.marker.ordered === marker.ordered && list.marker.character === marker.character;
  }

  function addText(line: LineCursor): void {
    const block = tip();
    if (isVerbatim(block)) block.lines.push(line.rest);
    else if (line.isBlank) return;
    else if (block.kind === "paragraph") block.lines.push(line.content);
    else if (block.kind === "table") {
      add({ ...createBase(splitRow(line.content).slice(0, block.head.length)), kind: "row" });
    } else add({ ...createBase([line.content]), kind: "paragraph" });
  }

  function closeDownTo(count: number): void {
    while (open.length > count) closeTip();
  }

  function closeTip(): void {
    const block = open.pop() ?? document;
    block.closedBy = lineCount + 1;
    if (block.kind === "indented") block.lines = block.lines.slice(0, textLineCount(block.lines));
    if (block.kind !== "paragraph") return;
    block.lines = block.lines.slice(define(block.lines).lineCount);
    if (block.lines.length === 0) tip().children.pop();
  }

  function define(lines: readonly string[]): { lineCount: number } {
    const found = takeDefinitions(lines, reader);
    if (!onTrial) for (const definition of found.definitions) onDefinition(definition);
    return found;
  }

  return {
    document,
    get lineCount() {
      return lineCount;
    },
    get tip() {
      return tip();
    },
    addLine(text) {
      read(new LineCursor(text));
      lineCount += 1;
    },
    tryLine(text) {
      marks = open.map(mark);
      headingsBefore = headings;
      onTrial = true;
      read(new LineCursor(text));
      onTrial = false;
    },
    retract() {
      if (marks === undefined) return;
      open = marks.map(putBack);
      headings = headingsBefore;
      marks = undefined;
    },
    end() {
      closeDownTo(1);
      document.closedBy = lineCount;
      lineCount += 1;
    },
  };
}

/** Nothing of the line in which it begins is left for its text. */
function takesWholeLine(block: Block): boolean {
  return block.kind === "fence" || block.kind === "math" || isFinished(block);
}

/** It is whole with its first line. */
function isFinished(block: Block): boolean {
  return (
    block.kind === "heading" ||
    block.kind === "rule" ||
    block.kind === "row" ||
    (block.kind === "math" && block.closing === "")
  );
}
