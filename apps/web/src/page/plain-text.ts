/**
 * Markdown -> about the words that a reader would see: what stands for an answer as long as it is far from the view, so
 * that a search in the page finds words that markup divides. Used by components/TurnGroup.vue.
 */
export function toPlainText(markdown: string): string {
  return markdown
    .replaceAll(/^(?:#{1,6} |> ?|[-*+] |\|[ |:-]+\|$)/gmu, "")
    .replaceAll(/\[([^\]\n]{1,200})\]\([^()\n]*\)/gu, "$1")
    .replaceAll(/\*{1,3}|`+/gu, "");
}
