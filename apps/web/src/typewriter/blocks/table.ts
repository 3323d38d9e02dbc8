/** Rows of tables. Called by scanner.ts. @see https://github.github.com/gfm/#tables-extension- */

import type { Alignment } from "./block.ts";

/** The texts of a row's cells: `\|` is a character of a cell, any other `|` ends one. */
export function splitRow(line: string): string[] {
  const cells: string[] = [];
  let cell = "";
  const text = line.trim();
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === "\\" && text.charAt(index + 1) === "|") {
      cell += "|";
      index += 1;
    } else if (character === "|") {
      cells.push(cell);
      cell = "";
    } else cell += character;
  }
  cells.push(cell);
  if (cells[0] === "") cells.shift();
  if (cells.at(-1) === "") cells.pop();
  return cells.map((text) => text.trim());
}

/** @returns undefined for a line that does not stand between a table's head and its rows. */
export function parseDelimiterRow(line: string): Alignment[] | undefined {
  if (line.length < 2 || !/^[-:|][-:|\s]*$/u.test(line) || /^-\s/u.test(line)) return undefined;
  const columns = line.trim().split("|");
  if (columns[0]?.trim() === "") columns.shift();
  if (columns.at(-1)?.trim() === "") columns.pop();
  const alignments: Alignment[] = [];
  for (const column of columns) {
    const mark = /^(:?)-+(:?)$/u.exec(column.trim());
    if (mark === null) return undefined;
    if (mark[2] === ":") alignments.push(mark[1] === ":" ? "center" : "right");
    else alignments.push(mark[1] === ":" ? "left" : "");
  }
  return alignments;
}
