/**
 * Closes what an unfinished piece of inline markdown has left open, so that no raw marker flashes while it is typed:
 * `**bo` becomes `**bo**`, `[text](htt` becomes `text`. Only what is shown meanwhile depends on it: once the text is
 * complete it is parsed as it is. One pass, linear in the length. Called by markdown.ts.
 */

import { formulaAt } from "./formula.ts";
import type { LackingMarks } from "./formula.ts";
import { isLinkStart, readLink } from "./mend-link.ts";

interface Opener {
  marker: string;
  /** Where it stands in the output. */
  at: number;
}

/** Longer pieces are hostile or machine-made; they are shown as they are. */
const longestMended = 20_000;
const longestHeldFormula = 160;
const wordCharacter = /[\p{L}\p{N}_]/u;
const punctuation = /[\p{P}\p{S}]/u;

export function mendInline(content: string): string {
  if (content.length > longestMended) return content;
  if (/^\[[ xX]?\]?$/u.test(content)) return "";
  let source = withoutOpenedMark(content);
  const openers: Opener[] = [];
  const lacking: LackingMarks = new Map();
  let out = "";
  let index = 0;

  while (index < source.length) {
    const character = source.charAt(index);
    if (character === "\\") {
      const formula = formulaAt(source, index, lacking);
      if (formula === undefined && mayBecomeFormula(source, index)) return close(out, openers);
      if (formula !== undefined) {
        out += source.slice(index, index + formula.length);
        index += formula.length;
        continue;
      }
      out += source.slice(index, index + 2);
      index += 2;
    } else if (character === "`") {
      const run = runAt(source, index);
      const end = closingRun(source, index + run.length, run);
      if (end === -1) return close(out + openCode(source.slice(index), run), openers);
      out += source.slice(index, end);
      index = end;
    } else if (character === "*" || character === "_" || character === "~") {
      const run = runAt(source, index);
      const atEnd = index + run.length === source.length;
      if (atEnd && (openers.at(-1)?.marker !== run || /\s/u.test(source.charAt(index - 1)))) break;
      turn(openers, run, source, index, out.length);
      out += run;
      index += run.length;
    } else if (character === "$") {
      const formula = formulaAt(source, index, lacking);
      if (formula === undefined && mayBecomeFormula(source, index)) return close(out, openers);
      const length = formula?.length ?? 1;
      out += source.slice(index, index + length);
      index += length;
    } else if (character === "[" && source.charAt(index + 1) === "^") {
      if (source.indexOf("]", index) === -1) return close(out, openers);
      out += character;
      index += 1;
    } else if (character === "[" && isLinkStart(source, index)) {
      const image = source.charAt(index - 1) === "!";
      const link = readLink(source, index);
      if (link.end === -1) {
        if (image) return close(out.slice(0, -1), openers);
        source = source.slice(0, index) + link.text;
      } else {
        out += source.slice(index, link.end);
        index = link.end;
      }
    } else {
      out += character;
      index += 1;
    }
  }
  return close(out, openers);
}

/** What stands at the end and is most likely the beginning of a mark. */
function withoutOpenedMark(content: string): string {
  const address = /<([\w.+-]*(?::[^>\s]*|@[\w.-]*)?)$/u.exec(content)?.[1];
  if (address !== undefined && isAddress(address)) {
    const before = content.slice(0, -address.length - 1);
    return /[:@]/u.test(address) ? before + address : before;
  }
  return content.replace(/(?:\\[[(]?|<|&#?\w{0,10}|(?:!?\[)+!?)$/u, "");
}

function isAddress(text: string): boolean {
  return (
    /^(?:https?|mailto):|@/u.test(text) || (text !== "" && ["https:", "mailto:"].some((name) => name.startsWith(text)))
  );
}

/** The other half of a formula's marks may still come: not for an amount of money, and not for ever. */
function mayBecomeFormula(source: string, index: number): boolean {
  const rest = source.slice(index, index + longestHeldFormula + 1);
  if (rest.length > longestHeldFormula || rest.includes("\n")) return false;
  return /^(?:\$(?:$|[^\s\d])|\\[[(])/u.test(rest) && !/^\$[^$]*[^$\s]\$/u.test(rest);
}

function runAt(source: string, index: number): string {
  let end = index + 1;
  while (source.charAt(end) === source.charAt(index)) end += 1;
  return source.slice(index, end);
}

function closingRun(source: string, from: number, run: string): number {
  let at = source.indexOf("`", from);
  while (at !== -1) {
    const found = runAt(source, at);
    if (found.length === run.length) return at + found.length;
    at = source.indexOf("`", at + found.length);
  }
  return -1;
}

function openCode(rest: string, run: string): string {
  const inside = rest.slice(run.length).replace(/`+$/u, "");
  return inside.trim() === "" ? "" : run + inside + run;
}

/** Opens or closes emphasis, by the flanking rules of CommonMark as far as they matter here. */
function turn(openers: Opener[], run: string, source: string, index: number, at: number): void {
  const before = source.charAt(index - 1) || " ";
  const after = source.charAt(index + run.length) || " ";
  const opens = isFlanking(after, before) && !(run.startsWith("_") && wordCharacter.test(before));
  const closes = isFlanking(before, after) && !(run.startsWith("_") && wordCharacter.test(after));
  const last = openers.findLastIndex((opener) => opener.marker === run);
  const open = openers.at(-1);
  if (closes && last !== -1) openers.length = last;
  else if (closes && open !== undefined && open.marker.startsWith(run)) open.marker = open.marker.slice(run.length);
  else if (opens && (!run.startsWith("~") || run.length === 2) && run.length <= 3) openers.push({ marker: run, at });
}

function isFlanking(inner: string, outer: string): boolean {
  if (inner.trim() === "") return false;
  return !punctuation.test(inner) || outer.trim() === "" || punctuation.test(outer);
}

function close(out: string, openers: Opener[]): string {
  let text = out.trimEnd();
  for (const opener of openers.toReversed()) {
    const bare = opener.at + opener.marker.length >= text.length;
    text = bare ? text.slice(0, opener.at).trimEnd() : text + opener.marker;
  }
  return text;
}
