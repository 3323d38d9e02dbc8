/** Which of a server's models can chat, and which to offer first. Called by list-models.ts and discover.ts. */

const otherUses = new Set(
  (
    "embed embedding embeddings bge gte e5 minilm rerank reranker moderation whisper tts transcribe speech audio realtime " +
    "dall sora image imagen veo lyria clip aqa davinci babbage"
  ).split(" "),
);

/** Judged by the words of its name, since `/v1/models` does not say. A name that is left out still works when asked for. */
export function isChatModel(id: string): boolean {
  return !id
    .toLowerCase()
    .split(/[^a-z0-9]+/u)
    .some((word) => otherUses.has(word));
}

/** Moves the first name that fits the earliest preference to the front; the rest keeps its order. */
export function orderModels<Item>(
  items: readonly Item[],
  getId: (item: Item) => string,
  preferences: readonly RegExp[],
): Item[] {
  for (const preference of preferences) {
    const found = items.find((item) => preference.test(getId(item)));
    if (found !== undefined) return [found, ...items.filter((item) => item !== found)];
  }
  return [...items];
}
