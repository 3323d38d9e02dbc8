/** A `fetch` that answers with what a test wrote down, and keeps what it was asked. */
import type { UIMessageChunk } from "ai";

export interface Asked {
  method: string;
  path: string;
  lastEventId: string | null;
  body: unknown;
}

export interface ScriptedFetch {
  fetch: typeof fetch;
  asked: Asked[];
}

export type Answer = () => Response | Promise<Response>;

/** Answers in turn; the last one stays. */
export function createScriptedFetch(...answers: Answer[]): ScriptedFetch {
  const asked: Asked[] = [];
  return {
    asked,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const text = await request.text();
      asked.push({
        method: request.method,
        path: new URL(request.url).pathname,
        lastEventId: request.headers.get("Last-Event-ID"),
        body: text === "" ? undefined : JSON.parse(text),
      });
      const answer = answers[Math.min(asked.length, answers.length) - 1];
      if (answer === undefined) throw new TypeError("fetch failed");
      return answer();
    },
  };
}

/** An event stream; `cut` breaks it after its last event. */
export function toStream(blocks: string[], { cut = false } = {}): () => Response {
  return () => {
    const pieces = blocks.values();
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const { value, done } = pieces.next();
        if (!done) controller.enqueue(new TextEncoder().encode(value));
        else if (cut) controller.error(new TypeError("terminated"));
        else controller.close();
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream", "Typebar-Generation": "g1" } });
  };
}

export function toBlock(chunk: object, seq: number): string {
  return `data: ${JSON.stringify(chunk)}\nid: g1:1.${seq}\n\n`;
}

export function closeBlock(seq: number): string {
  return `event: close\ndata: [DONE]\nid: g1:1.${seq}\n\n`;
}

export async function readAll(stream: ReadableStream<UIMessageChunk>): Promise<UIMessageChunk[]> {
  const chunks: UIMessageChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
