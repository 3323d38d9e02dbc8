/**
 * Markdown tokens -> a tree of plain objects, one for each DOM node to be. Only the attributes built here can ever
 * reach the page; nothing is taken over from a token unseen. Called by renderer.ts, made real by patch.ts.
 */

import type { Token } from "markdown-it";
import { isSafeLink } from "./markdown.ts";

export interface TextNode {
  kind: "text";
  text: string;
}
export interface ElementNode {
  kind: "element";
  tag: string;
  attributes: Record<string, string>;
  children: TreeNode[];
}
export interface CodeNode {
  kind: "code";
  language: string;
  text: string;
  /** The code is complete, it can be highlighted. */
  closed: boolean;
}
/** An image that is not loaded: a remote picture would tell its host who is reading. */
export interface ImageNode {
  kind: "image";
  url: string;
  alt: string;
}
export type TreeNode = TextNode | ElementNode | CodeNode | ImageNode;

/** @param open the last code block may still grow. */
export function toTree(tokens: readonly Token[], open: boolean): TreeNode[] {
  const root = element("root", {});
  const stack = [root];
  const leaves: TreeNode[] = [];
  for (const token of tokens) {
    const parent = stack.at(-1) ?? root;
    if (token.nesting === 1) {
      stack.push(openElement(token, parent));
    } else if (token.nesting === -1) {
      const done = stack.pop();
      if (done !== undefined && isEmptyText(done)) dropLast(stack.at(-1) ?? root, done);
    } else if (token.type === "inline") {
      addInline(parent, token.children ?? []);
      leaves.push(parent);
    } else {
      const leaf = toLeaf(token);
      parent.children.push(leaf);
      leaves.push(leaf);
    }
  }
  const last = leaves.at(-1);
  if (open && last?.kind === "code") last.closed = false;
  return root.children;
}

function element(tag: string, attributes: Record<string, string>): ElementNode {
  return { kind: "element", tag, attributes, children: [] };
}

/**
 * A bullet and the line beside a quotation stand where the text begins. Their elements find that out from their text
 * only where no element in between has a direction of its own: so lists have none, and paragraphs in them neither.
 */
function openElement(token: Token, parent: ElementNode): ElementNode {
  const node = element(token.tag, attributesOf(token));
  if (token.tag === "p" && /^(?:li|blockquote)$/u.test(parent.tag)) delete node.attributes["dir"];
  if (token.tag === "table") {
    const frame = element("div", { class: "table-scroll", tabindex: "0" });
    frame.children.push(node);
    parent.children.push(frame);
  } else {
    parent.children.push(node);
  }
  return node;
}

function attributesOf(token: Token): Record<string, string> {
  switch (token.tag) {
    case "a":
      return linkAttributes(String(token.attrGet("href") ?? ""), token.attrGet("title"));
    case "ol": {
      const start = token.attrGet("start");
      return start === null ? {} : { start: String(start) };
    }
    case "th":
    case "td": {
      const align = /right|center/u.exec(String(token.attrGet("style") ?? ""))?.[0];
      return align === undefined ? {} : { class: `align-${align}` };
    }
    case "p":
    case "li":
    case "table":
    case "blockquote":
    case "h1":
    case "h2":
    case "h3":
    case "h4":
    case "h5":
    case "h6":
      return { dir: "auto" };
    default:
      return {};
  }
}

function linkAttributes(href: string, title: string | number | null): Record<string, string> {
  if (!isSafeLink(href)) return {};
  const attributes = { href, target: "_blank", rel: "noopener noreferrer" };
  return title === null ? attributes : { ...attributes, title: String(title) };
}

function toLeaf(token: Token): TreeNode {
  if (token.type === "fence" || token.type === "code_block") {
    const language = token.info.trim().split(/[\s{]/u)[0] ?? "";
    return { kind: "code", language, text: token.content, closed: true };
  }
  if (token.type === "hr") return element("hr", {});
  return { kind: "text", text: token.content };
}

function addInline(parent: ElementNode, tokens: readonly Token[]): void {
  const stack = [parent];
  for (const token of tokens) {
    const target = stack.at(-1) ?? parent;
    if (token.nesting === 1) {
      const node = element(token.tag, attributesOf(token));
      target.children.push(node);
      stack.push(node);
    } else if (token.nesting === -1) {
      stack.pop();
    } else {
      addInlineLeaf(target, token);
    }
  }
}

function addInlineLeaf(target: ElementNode, token: Token): void {
  if (token.type === "code_inline") {
    target.children.push({ ...element("code", {}), children: [{ kind: "text", text: token.content }] });
  } else if (token.type === "image") {
    const url = String(token.attrGet("src") ?? "");
    if (isSafeLink(url)) target.children.push({ kind: "image", url, alt: token.content });
    else addText(target, token.content);
  } else if (token.type === "hardbreak") {
    target.children.push(element("br", {}));
  } else {
    addText(target, token.type === "softbreak" ? "\n" : token.content);
  }
}

function addText(target: ElementNode, text: string): void {
  if (text === "") return;
  const last = target.children.at(-1);
  const task = target.tag === "p" && target.children.length === 0 ? /^\[([ xX])\][ \n]/u.exec(text) : null;
  if (last?.kind === "text") last.text += text;
  else if (task === null) target.children.push({ kind: "text", text });
  else addTask(target, task[1] !== " ", text.slice(4));
}

/** `[ ] text`; the list item around it loses its bullet by a style rule. */
function addTask(target: ElementNode, done: boolean, text: string): void {
  const box = element("input", { type: "checkbox", disabled: "", class: "task" });
  if (done) box.attributes["checked"] = "";
  target.children.push(box, { kind: "text", text });
}

/** A paragraph or heading of which nothing can be shown yet. */
function isEmptyText(node: ElementNode): boolean {
  return node.children.length === 0 && /^(?:p|h\d)$/u.test(node.tag);
}

function dropLast(parent: ElementNode, child: ElementNode): void {
  if (parent.children.at(-1) === child) parent.children.pop();
}
