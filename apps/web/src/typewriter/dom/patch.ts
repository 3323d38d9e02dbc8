/**
 * Makes DOM nodes equal a tree by the fewest changes: nodes stay, text is appended to, so a selection in it survives.
 * Called by the views with the old and the new tree of a block's text.
 */

import type { ElementNode, FormulaNode, ImageNode, TreeNode } from "../inline/tree.ts";

export interface PatchContext {
  document: Document;
  /** Stands before what is told of an image. */
  imageLabel: string;
  /** Names the box of a task to those who do not see it. */
  taskLabel: string;
  /** One is being typed: nothing of it is shown yet. */
  onFormulaBegin(): void;
  /** A formula stands on the page as it was written. */
  onFormula(element: HTMLElement, tex: string, display: boolean): void;
}

/** The first of `parent`'s children are those of `before`; afterwards those of `after`. */
export function patchChildren(
  parent: Node,
  before: readonly TreeNode[],
  after: readonly TreeNode[],
  context: PatchContext,
): void {
  let existing = parent.firstChild;
  for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
    const old = before[index];
    const node = after[index];
    const current = existing;
    if (old !== undefined) existing = existing?.nextSibling ?? null;
    if (node === undefined) current?.remove();
    else if (old === undefined || current === null) parent.insertBefore(create(node, context), current);
    else if (!patch(current, old, node, context)) current.replaceWith(create(node, context));
  }
}

/** @returns false where the node cannot become the new one. */
function patch(existing: ChildNode, old: TreeNode, node: TreeNode, context: PatchContext): boolean {
  if (old.kind === "text" && node.kind === "text") {
    setText(existing as Text, node.text);
    return true;
  }
  if (old.kind === "element" && node.kind === "element" && old.tag === node.tag) {
    patchAttributes(existing as HTMLElement, old, node);
    patchChildren(existing, old.children, node.children, context);
    return true;
  }
  if (old.kind === "formula" && node.kind === "formula") return old.tex === node.tex && old.display === node.display;
  return old.kind === "image" && node.kind === "image" && old.url === node.url && old.alt === node.alt;
}

export function setText(existing: Text, text: string): void {
  const old = existing.data;
  if (old === text) return;
  if (text.startsWith(old)) existing.appendData(text.slice(old.length));
  else existing.data = text;
}

function patchAttributes(existing: HTMLElement, old: ElementNode, node: ElementNode): void {
  for (const name of Object.keys(old.attributes)) if (!(name in node.attributes)) existing.removeAttribute(name);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (old.attributes[name] !== value) existing.setAttribute(name, value);
  }
}

function create(node: TreeNode, context: PatchContext): Node {
  switch (node.kind) {
    case "text":
      return context.document.createTextNode(node.text);
    case "element": {
      const made = context.document.createElement(node.tag);
      for (const [name, value] of Object.entries(node.attributes)) made.setAttribute(name, value);
      if (node.tag === "input") made.setAttribute("aria-label", context.taskLabel);
      for (const child of node.children) made.appendChild(create(child, context));
      return made;
    }
    case "image":
      return createImage(node, context);
    case "formula":
      return createFormula(node, context);
  }
}

/** The page's security policy loads no foreign images; a click opens the picture beside the page. */
function createImage(node: ImageNode, context: PatchContext): HTMLElement {
  const link = context.document.createElement("a");
  link.className = "image-hold";
  link.href = node.url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  const host = URL.canParse(node.url) ? new URL(node.url).host : node.url;
  link.textContent = [context.imageLabel, node.alt, host].filter((part) => part !== "").join(" · ");
  return link;
}

export function createFormula({ tex, display }: Omit<FormulaNode, "kind">, context: PatchContext): HTMLElement {
  const made = context.document.createElement("span");
  made.className = display ? "formula display" : "formula";
  made.dir = "ltr";
  made.textContent = tex;
  context.onFormula(made, tex, display);
  return made;
}
