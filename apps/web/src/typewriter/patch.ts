/**
 * Makes DOM nodes equal a tree by the fewest changes: nodes stay, text is appended to, so a selection in it survives.
 * Called by renderer.ts with the old and the new tree of the part that is still open.
 */

import type { CodeNode, ElementNode, ImageNode, TreeNode } from "./tree.ts";

/** Words on controls inside an answer. */
export interface AnswerLabels {
  copy: string;
  image: string;
}

export interface PatchContext {
  document: Document;
  labels: AnswerLabels;
  /** A code block is complete. */
  onCode(code: HTMLElement, language: string, text: string): void;
}

/** `parent`'s children from `offset` on are those of `before`; afterwards those of `after`. */
export function patchChildren(
  parent: Node,
  offset: number,
  before: readonly TreeNode[],
  after: readonly TreeNode[],
  context: PatchContext,
): void {
  after.forEach((node, index) => {
    const old = before[index];
    const existing = parent.childNodes[offset + index];
    if (old === undefined || existing === undefined) parent.insertBefore(create(node, context), existing ?? null);
    else if (!patch(existing, old, node, context)) existing.replaceWith(create(node, context));
  });
  for (let index = before.length - 1; index >= after.length; index -= 1) parent.childNodes[offset + index]?.remove();
}

/** @returns false where the node cannot become the new one. */
function patch(existing: ChildNode, old: TreeNode, node: TreeNode, context: PatchContext): boolean {
  if (old.kind === "text" && node.kind === "text") {
    setText(existing, old.text, node.text);
    return true;
  }
  if (old.kind === "element" && node.kind === "element" && old.tag === node.tag) {
    patchAttributes(existing as HTMLElement, old, node);
    patchChildren(existing, 0, old.children, node.children, context);
    return true;
  }
  if (old.kind === "code" && node.kind === "code" && old.language === node.language) {
    return patchCode(existing as HTMLElement, old, node, context);
  }
  return old.kind === "image" && node.kind === "image" && old.url === node.url && old.alt === node.alt;
}

function setText(existing: Node, old: string, text: string): void {
  const data = existing as Text;
  if (old === text) return;
  if (text.startsWith(old)) data.appendData(text.slice(old.length));
  else data.data = text;
}

function patchAttributes(existing: HTMLElement, old: ElementNode, node: ElementNode): void {
  for (const name of Object.keys(old.attributes)) if (!(name in node.attributes)) existing.removeAttribute(name);
  for (const [name, value] of Object.entries(node.attributes)) {
    if (old.attributes[name] !== value) existing.setAttribute(name, value);
  }
}

function patchCode(existing: HTMLElement, old: CodeNode, node: CodeNode, context: PatchContext): boolean {
  const code = existing.querySelector("code");
  if (code === null || (old.closed && old.text !== node.text)) return false;
  if (code.firstChild !== null) setText(code.firstChild, old.text, node.text);
  if (node.closed && !old.closed) context.onCode(code, node.language, node.text);
  return true;
}

function create(node: TreeNode, context: PatchContext): Node {
  switch (node.kind) {
    case "text":
      return context.document.createTextNode(node.text);
    case "element": {
      const made = context.document.createElement(node.tag);
      for (const [name, value] of Object.entries(node.attributes)) made.setAttribute(name, value);
      patchChildren(made, 0, [], node.children, context);
      return made;
    }
    case "code":
      return createCode(node, context);
    case "image":
      return createImage(node, context);
  }
}

function createCode(node: CodeNode, context: PatchContext): HTMLElement {
  const { document } = context;
  const figure = document.createElement("figure");
  figure.className = "code";
  const head = figure.appendChild(document.createElement("figcaption"));
  head.className = "code-head";
  const language = head.appendChild(document.createElement("span"));
  language.textContent = node.language;
  const copy = head.appendChild(document.createElement("button"));
  copy.type = "button";
  copy.className = "code-copy";
  copy.textContent = context.labels.copy;
  const pre = figure.appendChild(document.createElement("pre"));
  pre.tabIndex = 0;
  pre.dir = "ltr";
  const code = pre.appendChild(document.createElement("code"));
  code.appendChild(document.createTextNode(node.text));
  if (node.closed) context.onCode(code, node.language, node.text);
  return figure;
}

/** The page's security policy loads no foreign images; a click opens the picture beside the page. */
function createImage(node: ImageNode, context: PatchContext): HTMLElement {
  const link = context.document.createElement("a");
  link.className = "image-hold";
  link.href = node.url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  const host = URL.canParse(node.url) ? new URL(node.url).host : node.url;
  link.textContent = [context.labels.image, node.alt, host].filter((part) => part !== "").join(" · ");
  return link;
}
