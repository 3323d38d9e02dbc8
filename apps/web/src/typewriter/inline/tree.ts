/**
 * The text of a block -> a tree of plain objects, one for each DOM node to be. Only the attributes built here can ever
 * reach the page; nothing is taken over from a token unseen. Called by the views, made real by dom/patch.ts.
 */

import type { Token } from "markdown-it";
import { isSafeLink } from "./markdown.ts";
import type { Markdown, References } from "./markdown.ts";
import { mendInline } from "./mend-inline.ts";

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
/** An image that is not loaded: a remote picture would tell its host who is reading. */
export interface ImageNode {
  kind: "image";
  url: string;
  alt: string;
}
export interface FormulaNode {
  kind: "formula";
  tex: string;
  display: boolean;
}
export type TreeNode = TextNode | ElementNode | ImageNode | FormulaNode;

export interface InlineText {
  source: string;
  /** The text can still grow: what it leaves open is closed for show. */
  open: boolean;
  /** `[x] ` at its start is the box of a task. */
  mayBeTask: boolean;
}

export function toTree(text: InlineText, markdown: Markdown, references: References): TreeNode[] {
  const source = text.open ? mendInline(text.source) : text.source;
  const root = element("p", {});
  const stack = [root];
  for (const token of markdown.parseInline(source, references)) {
    const target = stack.at(-1) ?? root;
    if (token.nesting === 1) {
      const node = element(token.tag, token.tag === "a" ? linkAttributes(token) : {});
      target.children.push(node);
      stack.push(node);
    } else if (token.nesting === -1) {
      stack.pop();
    } else {
      addLeaf(target, token);
    }
  }
  return text.mayBeTask ? withTask(root.children) : root.children;
}

function element(tag: string, attributes: Record<string, string>, children: TreeNode[] = []): ElementNode {
  return { kind: "element", tag, attributes, children };
}

function linkAttributes(token: Token): Record<string, string> {
  const href = String(token.attrGet("href") ?? "");
  const title = token.attrGet("title");
  if (!isSafeLink(href)) return {};
  const attributes = { href, target: "_blank", rel: "noopener noreferrer" };
  return title === null ? attributes : { ...attributes, title: String(title) };
}

function addLeaf(target: ElementNode, token: Token): void {
  switch (token.type) {
    case "code_inline":
      target.children.push(element("code", {}, [{ kind: "text", text: token.content }]));
      break;
    case "image": {
      const url = String(token.attrGet("src") ?? "");
      if (isSafeLink(url)) target.children.push({ kind: "image", url, alt: token.content });
      else addText(target, token.content);
      break;
    }
    case "hardbreak":
      target.children.push(element("br", {}));
      break;
    case "formula":
      target.children.push({ kind: "formula", tex: token.content, display: token.markup === "display" });
      break;
    case "footnote_mark":
      target.children.push(footnoteMark(token.content));
      break;
    default:
      addText(target, token.type === "softbreak" ? "\n" : token.content);
  }
}

/** A button and no link: the page's address stays what it is. */
function footnoteMark(label: string): ElementNode {
  const button = { type: "button", class: "footnote-mark", "data-footnote": label };
  return element("sup", {}, [element("button", button, [{ kind: "text", text: label }])]);
}

function addText(target: ElementNode, text: string): void {
  if (text === "") return;
  const last = target.children.at(-1);
  if (last?.kind === "text") last.text += text;
  else target.children.push({ kind: "text", text });
}

/** `[ ] text`; the list item around it loses its bullet by a style rule. */
function withTask(children: TreeNode[]): TreeNode[] {
  const [first, ...rest] = children;
  const mark = first?.kind === "text" ? /^\[([ xX])\][ \n]/u.exec(first.text) : null;
  if (first?.kind !== "text" || mark === null) return children;
  const box = element("input", { type: "checkbox", disabled: "", class: "task" });
  if (mark[1] !== " ") box.attributes["checked"] = "";
  return [box, { kind: "text", text: first.text.slice(mark[0].length) }, ...rest];
}
