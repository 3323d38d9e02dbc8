/**
 * Takes link definitions (`[label]: address "title"`) from the start of a paragraph. Called by scanner.ts.
 *
 * @see https://spec.commonmark.org/0.31.2/#link-reference-definitions
 */

export interface Definition {
  label: string;
  href: string;
  title: string;
}

/** The parts of markdown-it that read addresses. */
export interface DefinitionReader {
  helpers: {
    parseLinkDestination(text: string, start: number, end: number): { ok: boolean; pos: number; str: string };
    parseLinkTitle(text: string, start: number, end: number): { ok: boolean; pos: number; str: string };
  };
  normalizeLink(url: string): string;
  validateLink(url: string): boolean;
}

const label = /^\[((?:[^\\[\]]|\\[^\n]|\\\n){1,999})\]:/u;

/** @returns the definitions, and how many lines of the paragraph they fill. */
export function takeDefinitions(
  lines: readonly string[],
  reader: DefinitionReader,
): { definitions: Definition[]; lineCount: number } {
  const definitions: Definition[] = [];
  if (lines[0]?.startsWith("[") !== true) return { definitions, lineCount: 0 };
  const text = lines.join("\n");
  let offset = 0;
  while (offset < text.length) {
    const found = readDefinition(text.slice(offset), reader);
    if (found === undefined) break;
    definitions.push(found.definition);
    offset += found.length;
  }
  return { definitions, lineCount: text.slice(0, offset).split("\n").length - 1 + (offset === text.length ? 1 : 0) };
}

function readDefinition(
  text: string,
  reader: DefinitionReader,
): { definition: Definition; length: number } | undefined {
  const name = label.exec(text);
  if (name?.[1] === undefined || name[1].trim() === "") return undefined;
  const destinationAt = skipSpace(text, name[0].length);
  const destination = reader.helpers.parseLinkDestination(text, destinationAt, text.length);
  const href = reader.normalizeLink(destination.str);
  if (!destination.ok || destination.pos === destinationAt || !reader.validateLink(href)) return undefined;
  const titleAt = skipSpace(text, destination.pos);
  const title = reader.helpers.parseLinkTitle(text, titleAt, text.length);
  const titleEnd = title.ok && titleAt > destination.pos ? endOfLine(text, title.pos) : undefined;
  const end = titleEnd ?? endOfLine(text, destination.pos);
  if (end === undefined) return undefined;
  return { definition: { label: name[1], href, title: titleEnd === undefined ? "" : title.str }, length: end };
}

function skipSpace(text: string, from: number): number {
  const space = /[ \t]*(?:\n[ \t]*)?/uy;
  space.lastIndex = from;
  space.test(text);
  return space.lastIndex;
}

/** @returns where the next line begins; undefined where something else stands in this one. */
function endOfLine(text: string, from: number): number | undefined {
  const rest = /[ \t]*(?:\n|$)/uy;
  rest.lastIndex = from;
  return rest.test(text) ? rest.lastIndex : undefined;
}
