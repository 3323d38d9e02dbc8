/**
 * How far a link in an unfinished text has come: its brackets, address and title may each be cut anywhere. Called by
 * mend-inline.ts.
 */

/** A longer address is no address that is still to be typed, but text in parentheses. */
const longestHeldLink = 2000;

/** No links: `array[0]`, the number of a source in brackets, a task list's `[ ]`. */
export function isLinkStart(source: string, index: number): boolean {
  if (index > 0 && /[\w)\]]/u.test(source.charAt(index - 1))) return false;
  const start = source.slice(index, index + 5);
  return !/^\[\d{1,3}(?:\]|$)/u.test(start) && !(index === 0 && /^\[[ xX](?:\]|$)/u.test(start));
}

/** `end` is -1 while the link is unfinished; `text` is then what can be shown of it. */
export function readLink(source: string, index: number): { end: number; text: string } {
  const bracket = closingBracket(source, index);
  if (bracket === -1) return { end: -1, text: source.slice(index + 1) };
  const text = source.slice(index + 1, bracket);
  if (bracket === source.length - 1) return { end: -1, text };
  const next = source.charAt(bracket + 1);
  if (next === "[") {
    const labelEnd = source.indexOf("]", bracket + 1);
    return { end: labelEnd === -1 ? -1 : labelEnd + 1, text };
  }
  return { end: next === "(" ? destinationEnd(source, bracket + 1) : bracket + 1, text };
}

/** @returns the place of the `]` that belongs to the `[` at `index`; -1 where it has not come. */
function closingBracket(source: string, index: number): number {
  if (!source.includes("]", index)) return -1;
  let depth = 0;
  for (let at = index; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === "\\") at += 1;
    else if (character === "[") depth += 1;
    else if (character === "]") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

/** Where a link's `(address "title")` ends; -1 while it can go on, `from` where it is none. */
function destinationEnd(source: string, from: number): number {
  const start = afterSpace(source, from + 1);
  const addressEnd =
    source.charAt(start) === "<" ? endOf(/<(?:\\.|[^\\<>\n])*>/suy, source, start) : afterAddress(source, start);
  const titleStart = afterSpace(source, addressEnd);
  const hasTitle = titleStart > addressEnd && /["'(]/u.test(source.charAt(titleStart));
  const end = hasTitle ? afterSpace(source, afterTitle(source, titleStart)) : titleStart;
  if (end >= source.length) return source.length - from > longestHeldLink ? from : -1;
  return source.charAt(end) === ")" ? end + 1 : from;
}

function afterTitle(source: string, from: number): number {
  return endOf(/"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*'|\((?:\\.|[^\\()])*\)/suy, source, from);
}

/** @returns where what begins at `at` ends; the end of the text while it has none. */
function endOf(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : source.length;
}

function afterSpace(source: string, from: number): number {
  let at = from;
  while (/\s/u.test(source.charAt(at))) at += 1;
  return at;
}

function afterAddress(source: string, from: number): number {
  let depth = 0;
  let at = from;
  for (; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === "\\") at += 1;
    else if (character === "(") depth += 1;
    else if (/\s/u.test(character) || (character === ")" && depth === 0)) break;
    else if (character === ")") depth -= 1;
  }
  return Math.min(at, source.length);
}
