/**
 * Ends an upstream's stream that has said why it finished, but neither ends nor says `[DONE]`: the AI SDK reports the finish
 * reason only at the end, so a whole answer would fail by silence. Used by openai-compatible.ts.
 */
import type { Fetch } from "./upstream-fetch.ts";

/** Not in what a model says: there, each quote has a backslash before it. */
const finishReason = /"finish_reason"\s*:\s*"/u;
/** Where a pair of chunks may cut it in two. */
const overlapChars = 64;

/** @param graceMs - How long after the finish reason the stream may last, in milliseconds: the usage comes then. */
export function endAfterFinish(fetch: Fetch, graceMs: number): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText, headers } = response;
    if (body === null || !/^text\/event-stream\b/iu.test(headers.get("content-type") ?? "")) return response;
    return new Response(endLater(body, graceMs), { status, statusText, headers: [...headers] });
  };
}

function endLater(body: ReadableStream<Uint8Array>, graceMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let lastChars = "";
  /** Runs once the finish reason was seen. Then a read that waits is answered as done. */
  let end: NodeJS.Timeout | undefined;
  const look = (bytes: Uint8Array): void => {
    if (end) return;
    const text = lastChars + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
    lastChars = text.slice(-overlapChars);
    if (finishReason.test(text)) end = setTimeout(() => void reader.cancel().catch(() => undefined), graceMs);
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            clearTimeout(end);
            controller.close();
          } else {
            look(value);
            controller.enqueue(value);
          }
        } catch (error) {
          clearTimeout(end);
          throw error;
        }
      },
      cancel: (reason) => {
        clearTimeout(end);
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
