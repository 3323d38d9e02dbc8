/**
 * A run of characters that are written without spaces -> overlapping pairs of them. Used by the guide's index and by that of
 * conversations: the tokenizers of SQLite and PostgreSQL find no word inside such a run.
 */
export function toPairs(characters: readonly string[]): string[] {
  return characters.slice(1).map((character, index) => `${characters[index] ?? ""}${character}`);
}
