/**
 * One line of markdown and how far it has been read. Tabs reach to the next multiple of four columns, so a block marker
 * can take a part of one. Used by scanner.ts and the rules of blocks.
 *
 * @see https://spec.commonmark.org/0.31.2/#tabs
 */

const tabStop = 4;

export class LineCursor {
  readonly text: string;
  #offset = 0;
  /** Further right than `#offset` where a tab was taken in part. */
  #column = 0;
  /** Where the white space that begins at the cursor ends: known until the cursor moves. */
  #ahead: { offset: number; column: number } | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** Columns of white space at the cursor. */
  get indent(): number {
    return this.#lookAhead().column - this.#column;
  }

  get isBlank(): boolean {
    return this.#lookAhead().offset === this.text.length;
  }

  /** What stands behind the white space at the cursor. */
  get content(): string {
    return this.text.slice(this.#lookAhead().offset);
  }

  /** What is left of the line; a tab that was taken in part has become spaces. */
  get rest(): string {
    const partial = this.text.charAt(this.#offset) === "\t" && this.#column % tabStop !== 0;
    if (!partial) return this.text.slice(this.#offset);
    return " ".repeat(tabStop - (this.#column % tabStop)) + this.text.slice(this.#offset + 1);
  }

  /** Moves over at most so many columns of white space. */
  skipColumns(count: number): void {
    const target = this.#column + Math.min(count, this.indent);
    while (this.#column < target) {
      const width = this.text.charAt(this.#offset) === "\t" ? tabStop - (this.#column % tabStop) : 1;
      if (this.#column + width <= target) this.#offset += 1;
      this.#column = Math.min(this.#column + width, target);
    }
    this.#ahead = undefined;
  }

  skipIndent(): void {
    this.skipColumns(this.indent);
  }

  /** Moves over characters that are no tabs. */
  skipCharacters(count: number): void {
    this.#offset += count;
    this.#column += count;
    this.#ahead = undefined;
  }

  #lookAhead(): { offset: number; column: number } {
    if (this.#ahead !== undefined) return this.#ahead;
    let offset = this.#offset;
    let column = this.#column;
    for (; offset < this.text.length; offset += 1) {
      const character = this.text.charAt(offset);
      if (character === "\t") column += tabStop - (column % tabStop);
      else if (character === " ") column += 1;
      else break;
    }
    this.#ahead = { offset, column };
    return this.#ahead;
  }
}
