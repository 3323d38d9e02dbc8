/** One response as a client reads it: block by block, to its clean end or to where it was cut. */
import type { Block } from "./blocks.ts";
import { parseBlock } from "./blocks.ts";

export interface Answer {
  response: Response;
  status: number;
  generationId: string;
  conversationId: string;
  /** All so far. */
  blocks: Block[];
  /** The bytes so far, as text. */
  raw: () => string;
  /** The next block; `undefined` at the end. */
  next(): Promise<Block | undefined>;
  /** Reads until a block fulfils the predicate. */
  until(predicate: (block: Block) => boolean): Promise<Block>;
  /** Reads to the end, and gives all blocks. */
  rest(): Promise<Block[]>;
  /** How it ended; `undefined` before. */
  ended: () => "whole" | "cut" | undefined;
  /** Goes away. */
  leave(): Promise<void>;
}

export function openAnswer(response: Response): Answer {
  const blocks: Block[] = [];
  let raw = "";
  let waiting = "";
  let ended: "whole" | "cut" | undefined;
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const reader = isStream ? response.body?.pipeThrough(new TextDecoderStream()).getReader() : undefined;

  async function next(): Promise<Block | undefined> {
    if (!reader) throw new Error(`not an event stream: ${response.status} ${await response.clone().text()}`);
    for (;;) {
      const end = waiting.indexOf("\n\n");
      if (end !== -1) {
        const block = parseBlock(waiting.slice(0, end));
        waiting = waiting.slice(end + 2);
        blocks.push(block);
        return block;
      }
      if (ended) return undefined;
      try {
        const { done, value } = await reader.read();
        if (done) ended = "whole";
        raw += value ?? "";
        waiting += value ?? "";
      } catch {
        ended = "cut";
      }
    }
  }

  return {
    response,
    status: response.status,
    generationId: response.headers.get("Typebar-Generation") ?? "",
    conversationId: response.headers.get("Typebar-Conversation") ?? "",
    blocks,
    raw: () => raw,
    next,
    async until(predicate) {
      for (;;) {
        const block = await next();
        if (!block) throw new Error("the stream ended before");
        if (predicate(block)) return block;
      }
    },
    async rest() {
      while (await next());
      return blocks;
    },
    ended: () => ended,
    async leave() {
      await reader?.cancel().catch(() => undefined);
    },
  };
}
