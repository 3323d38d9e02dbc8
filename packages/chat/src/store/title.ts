/** The title of a conversation that nobody has named: its first words. */

const maxTitleGraphemes = 60;

/** The first line with words in it, without control characters, cut at a word where there is one. */
export function titleOf(text: string): string {
  const line = text
    // Control characters have no place in a list of titles, and NUL none in a text column.
    .replace(/\p{Cc}+/gu, (controls) => (controls.includes("\n") ? "\n" : " "))
    .split("\n")
    .map((candidate) => candidate.replace(/\s+/g, " ").trim())
    .find((candidate) => candidate !== "");
  if (line === undefined) return "";
  const graphemes = Array.from(
    new Intl.Segmenter().segment(line.slice(0, 1000).toWellFormed()),
    ({ segment }) => segment,
  );
  if (graphemes.length <= maxTitleGraphemes) return graphemes.join("");
  const cut = graphemes.slice(0, maxTitleGraphemes).join("");
  const lastSpace = cut.lastIndexOf(" ");
  return `${lastSpace > cut.length / 2 ? cut.slice(0, lastSpace) : cut}…`;
}
