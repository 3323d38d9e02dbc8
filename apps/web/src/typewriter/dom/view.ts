/** What stands on the page for one block. Made by create-view.ts, kept by child-views.ts. */

import type { Block } from "../blocks/block.ts";
import type { Colouring, LineAt } from "../colour/highlighter.ts";
import type { Diagram } from "../diagram/diagrams.ts";
import type { Markdown, References } from "../inline/markdown.ts";
import type { PatchContext } from "./patch.ts";

export interface View {
  /** Blocks of the same key can be shown by the same view, one after the other. */
  readonly key: string;
  readonly element: HTMLElement;
  /** @returns false where there is nothing to be seen of the block yet. */
  show(shown: Shown): boolean;
  /** The text began anew: what was final has to be looked at again. */
  restart(): void;
}

export interface Shown {
  block: Block;
  /** The block around it. */
  parent: Block;
  /** Its place among the blocks there. */
  index: number;
  /** Whole lines read so far: says of each block whether it is final. */
  lineCount: number;
}

export interface ViewContext extends PatchContext {
  /** Makes the view of any block. */
  createView(block: Block, context: ViewContext): View;
  markdown: Markdown;
  references: References;
  copyLabel: string;
  colour(lineAt: LineAt, language: string): Colouring;
  /** For a block whose code is a diagram; `figure` shows the code. */
  openDiagram(figure: HTMLElement): Diagram;
  /** Calls back when a label used in `source` is defined, which may be long after it was used. */
  awaitLabels(source: string, onDefined: () => void): void;
}

export function isFinal(block: Block, lineCount: number): boolean {
  return block.closedBy <= lineCount;
}
