/**
 * Leaves away the end of unfinished markdown that could yet become a block marker: a lone `-` may turn into a list, a
 * rule or a heading's underline, three backticks into a code block. Called by renderer.ts on the open end of the text.
 */

const containers = String.raw`[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*`;
const bareMarker = new RegExp(`^${containers}(?:[-*+_=#~\`]+|\\d{1,9}[.)]?|[-*_ ]+)?[ \\t]*$`, "u");
const openingFence = new RegExp(`^${containers}(?:\`{3,}[^\`]*|~{3,}.*)$`, "u");

/** `source` is text whose last line may be incomplete. */
export function holdBack(source: string): string {
  const lineStart = source.lastIndexOf("\n") + 1;
  const line = source.slice(lineStart);
  if (line === "" || line.length > 1000) return source;
  return bareMarker.test(line) || openingFence.test(line) ? source.slice(0, lineStart) : source;
}

/** Cuts the lines of a paragraph that may be the head of a table whose second line is not complete yet. */
export function withoutTableHead(paragraph: string): string {
  const lines = paragraph.split("\n");
  let keep = lines.length;
  // One class with nothing before it: two that both take a space would try every way to share a long run of them.
  if (/^[\s:|-]*$/u.test(lines[keep - 1] ?? "") && keep > 1 && lines[keep - 2]?.trimStart().startsWith("|")) keep -= 2;
  else if (lines[keep - 1]?.trimStart().startsWith("|")) keep -= 1;
  return lines.slice(0, keep).join("\n");
}
