/** The text in a paragraph, a heading or a cell. Used by text-view.ts and table-view.ts. */

import { toTree } from "../inline/tree.ts";
import type { InlineText, TreeNode } from "../inline/tree.ts";
import { createGroups } from "./groups.ts";
import { patchChildren } from "./patch.ts";
import { pieceEnd } from "./pieces.ts";
import { createPlainRun } from "./plain-run.ts";
import type { ViewContext } from "./view.ts";

const piecesPerBlock = 4;
/** No amount of money. */
const formulaBegin = /\$[^\s\d]|\\[([]/u;

export interface InlineView {
  /** @returns whether there is anything to be seen. */
  show(text: InlineText): boolean;
  /** The text began anew. */
  restart(): void;
}

/**
 * The first piece stands in the element itself, each other one in an element of its own. A text of very many pieces is no
 * paragraph any more: each few of them stand in a block, and a browser lays only the last one out again.
 */
interface Piece {
  place: Element;
  tree: TreeNode[];
}

export function createInlineView(element: HTMLElement, context: ViewContext): InlineView {
  const pieces: Piece[] = [{ place: element, tree: [] }];
  const groups = createGroups({
    size: piecesPerBlock,
    first: element,
    open() {
      const block = element.appendChild(context.document.createElement("span"));
      block.className = "text-block";
      return block;
    },
  });
  const plainRun = createPlainRun();
  /** Where the last piece begins: those before it are final as long as the text only grows. */
  let lastStart = 0;
  let shown: InlineText | undefined;

  function showPiece(piece: Piece, text: InlineText): void {
    if (text.open && formulaBegin.test(text.source)) context.onFormulaBegin();
    const read = (): void => {
      const tree = toTree(text, context.markdown, context.references);
      patchChildren(piece.place, piece.tree, tree, context);
      piece.tree = tree;
    };
    read();
    // Filled first: a browser looks for the direction of a text again with each node that comes into it.
    if (piece.place !== element && piece.place.parentNode === null)
      groups.at(pieces.indexOf(piece)).append(piece.place);
    if (!text.open) context.awaitLabels(text.source, read);
  }

  function beginAnew(): void {
    lastStart = 0;
    groups.restart();
  }

  function addPiece(): Piece {
    const piece = { place: context.document.createElement("span"), tree: [] };
    pieces.push(piece);
    return piece;
  }

  /** @returns the number of the last piece. */
  function closePieces(source: string, mayBeTask: boolean): number {
    let index = lastStart === 0 ? 0 : pieces.length - 1;
    for (let end = pieceEnd(source, lastStart); end !== undefined; end = pieceEnd(source, lastStart)) {
      const text = { source: source.slice(lastStart, end), open: false, mayBeTask: mayBeTask && index === 0 };
      showPiece(pieces[index] ?? addPiece(), text);
      lastStart = end;
      index += 1;
    }
    for (const { place } of pieces.splice(index + 1)) place.remove();
    groups.settle(index + 1, index);
    return index;
  }

  return {
    show(text) {
      const { source, open, mayBeTask } = text;
      if (shown?.source === source && shown.open === open) return pieces.some(({ tree }) => tree.length > 0);
      if (shown !== undefined && lastStart > 0 && !source.startsWith(shown.source.slice(0, lastStart))) beginAnew();
      shown = text;
      const index = closePieces(source, mayBeTask);
      const piece = pieces[index] ?? addPiece();
      const rest = source.slice(lastStart);
      if (open && plainRun.grow(rest, piece.tree)) return true;
      plainRun.stop();
      showPiece(piece, { source: rest, open, mayBeTask: mayBeTask && index === 0 });
      if (open) plainRun.startAt(rest, piece.tree, piece.place);
      return pieces.some(({ tree }) => tree.length > 0);
    },
    restart() {
      shown = undefined;
      beginAnew();
      plainRun.stop();
    },
  };
}
