/** What a model is asked for a title, and what is taken of its answer. Pure; called by titler.ts. */

/** Its beginning says what a long text is about. */
const maxGivenChars = 2000;
const maxTitleGraphemes = 80;
/** A few more than it is asked for: not every model counts well, but one that goes on and on gives no title. */
const maxTitleWords = 12;

export function toTitlePrompt(question: string, answer: string): string {
  return [
    "Give the conversation below a title of at most six words, in the language of its question.",
    "Reply with the title alone: no quotation marks, no full stop, no explanation. Do not answer the question.",
    "",
    "<question>",
    shorten(question),
    "</question>",
    "",
    "<answer>",
    shorten(answer),
    "</answer>",
  ].join("\n");
}

function shorten(text: string): string {
  return text.length <= maxGivenChars ? text : `${text.slice(0, maxGivenChars).toWellFormed()}…`;
}

const label = /^(?:title|titel|titre|título|titolo|标题|標題|タイトル|제목)\s*[:：]\s*/iu;
const decoration = /^[\s"'`*_#“”„«»‘’「」『』《》]+|[\s"'`*_“”„«»‘’「」『』《》.。]+$/gu;

/** `undefined` for what is no title: empty, or much too long. */
export function parseTitle(said: string): string | undefined {
  const line = said
    .toWellFormed()
    .split(/[\n\r]/u)
    .map((candidate) => candidate.replace(/\p{Cc}+/gu, " ").trim())
    .find((candidate) => candidate !== "");
  if (line === undefined) return undefined;
  const bare = line.replaceAll(decoration, "").replace(label, "").replaceAll(decoration, "").replace(/\s+/gu, " ");
  const isShort = [...new Intl.Segmenter().segment(bare)].length <= maxTitleGraphemes;
  return bare !== "" && isShort && bare.split(" ").length <= maxTitleWords ? bare : undefined;
}
