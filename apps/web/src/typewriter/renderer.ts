/**
 * Growing markdown -> DOM. Blocks that are closed are never touched again; only the open end of the text is parsed
 * and patched. What stands on the page when the text is complete equals what it would be, rendered in one go.
 * Called by typist.ts once per frame.
 */

import { holdBack } from "./hold-back.ts";
import type { Markdown, References } from "./markdown.ts";
import { patchChildren } from "./patch.ts";
import type { PatchContext } from "./patch.ts";
import { openFence } from "./open-fence.ts";
import { toTree } from "./tree.ts";
import type { TreeNode } from "./tree.ts";

export interface Renderer {
  /** `text` is everything to be shown; `ended` says that it is complete. */
  update(text: string, ended: boolean): void;
}

export interface RendererOptions extends Omit<PatchContext, "document"> {
  container: HTMLElement;
  markdown: Markdown;
}

interface ClosedPart {
  source: string;
  nodes: TreeNode[];
}

interface State {
  source: string;
  ended: boolean;
  closed: ClosedPart[];
  closedNodes: number;
  references: References;
  /** Where the part of the text begins that may still change its meaning. */
  openStart: number;
  openNodes: TreeNode[];
  /** Up to here line breaks have been looked at for closed blocks. */
  checkedTo: number;
}

export function createRenderer(options: RendererOptions): Renderer {
  const { container, markdown } = options;
  const context: PatchContext = { ...options, document: container.ownerDocument };
  let state = startState([]);

  function show(nodes: TreeNode[]): void {
    patchChildren(container, state.closedNodes, state.openNodes, nodes, context);
    state.openNodes = nodes;
  }

  function close(part: string): TreeNode[] {
    const known = Object.keys(state.references).length;
    const nodes = toTree(markdown.parse(part, state.references, false), false);
    if (Object.keys(state.references).length > known) linkEarlierParts();
    return nodes;
  }

  /** A link may be used long before it is defined. */
  function linkEarlierParts(): void {
    let offset = 0;
    for (const part of state.closed) {
      const before = part.nodes;
      if (part.source.includes("[")) {
        part.nodes = toTree(markdown.parse(part.source, { ...state.references }, false), false);
        patchChildren(container, offset, before, part.nodes, context);
      }
      offset += part.nodes.length;
    }
    state.closedNodes = offset;
  }

  /** Moves the blocks that can no longer change from the open to the closed part. */
  function closeBlocks(): void {
    const lineEnd = state.source.lastIndexOf("\n") + 1;
    if (lineEnd <= state.checkedTo) return;
    state.checkedTo = lineEnd;
    const open = state.source.slice(state.openStart, lineEnd);
    if (openFence(open) !== undefined) return;
    const starts = markdown.blockStarts(open);
    if (starts.length > 1) closePart(open.slice(0, offsetOfLine(open, starts.at(-1) ?? 0)));
  }

  function closePart(source: string): void {
    const nodes = close(source);
    state.openStart += source.length;
    const rest = openTree(state, markdown);
    show([...nodes, ...rest]);
    state.closed.push({ source, nodes });
    state.closedNodes += nodes.length;
    state.openNodes = rest;
  }

  return {
    update(text, ended) {
      const source = normalize(text);
      if (source === state.source && ended === state.ended) return;
      if (!source.startsWith(state.source) || state.ended) {
        state = startState([...state.closed.flatMap((part) => part.nodes), ...state.openNodes]);
      }
      state.source = source;
      state.ended = ended;
      if (ended) {
        closePart(source.slice(state.openStart));
        return;
      }
      closeBlocks();
      show(openTree(state, markdown));
    },
  };
}

function startState(openNodes: TreeNode[]): State {
  return {
    source: "",
    ended: false,
    closed: [],
    closedNodes: 0,
    references: {},
    openStart: 0,
    openNodes,
    checkedTo: 0,
  };
}

function openTree(state: State, markdown: Markdown): TreeNode[] {
  const source = holdBack(state.source.slice(state.openStart));
  const fence = openFence(source);
  if (fence !== undefined) return [{ kind: "code", language: fence.language, text: fence.text, closed: false }];
  return toTree(markdown.parse(source, { ...state.references }, true), true);
}

/** As the parser does it, but before offsets are counted. */
function normalize(text: string): string {
  if (!text.includes("\r") && !text.includes("\0")) return text;
  return text.replaceAll(/\r\n?/gu, "\n").replaceAll("\0", "\uFFFD");
}

function offsetOfLine(source: string, line: number): number {
  let offset = 0;
  for (let count = 0; count < line; count += 1) offset = source.indexOf("\n", offset) + 1;
  return offset;
}
