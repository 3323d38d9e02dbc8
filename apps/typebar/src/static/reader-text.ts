/** A page of the documentation -> what its readers are served. Used by file-cache.ts. */

/** With the line ends below it: the comment is a block of its own. The guide searches by these words and nobody else needs them. */
const keywordsComment = /^<!-- keywords: .* -->(?:\r?\n){0,2}/gmu;

export function toReaderText(markdown: string): string {
  return markdown.replaceAll(keywordsComment, "");
}
