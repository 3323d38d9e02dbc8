/** Asks one question and follows its answer to the end over connections that are cut, in each way that PROTOCOL.md offers. */
import { openEventStream } from "@typebar/client";
import { parseBlocks, type WireEvent } from "./blocks.ts";
import { requestRaw, type RawRequest } from "./raw-request.ts";

export interface Question {
  /** Base URL: of the server or of a proxy before it. */
  url: string;
  message: string;
  /** Unique to this question. */
  key: string;
  model?: string;
  /** When a client gives a silent connection up, in milliseconds. */
  silenceMs: number;
}

/**
 * How an answer is followed; each begins with a start under an idempotency key.
 * - `generation`: GET of the generation's own events, as soon as its address is known.
 * - `same-get`: the same `GET /api/chat` again.
 * - `same-post`: the same POST again; with the last ID alone, with the key alone only while there is no ID.
 * - `client-post`, `client-get`: `openEventStream`, which repeats the same request.
 */
export const ways = ["generation", "same-get", "same-post", "client-post", "client-get"] as const;
export type Way = (typeof ways)[number];

const maxAttempts = 200;

/** @throws {Error} if the server answers what no client can go on from, or ends a response cleanly before `close`. */
export function ask(question: Question, way: Way): Promise<WireEvent[]> {
  return way === "client-post" || way === "client-get" ? askByClient(question, way) : askRaw(question, way);
}

async function askRaw(question: Question, way: Exclude<Way, "client-post" | "client-get">): Promise<WireEvent[]> {
  const events: WireEvent[] = [];
  let location: string | undefined;
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const lastEventId = events.at(-1)?.id;
    const response = await requestRaw(toRequest(question, way, { lastEventId, location }));
    if (response.status !== undefined && response.status !== 200) {
      throw new Error(`${way} ${attempt} after ${lastEventId}: ${response.status} ${response.body.toString()}`);
    }
    if (way === "generation") location ??= response.headers["content-location"];
    events.push(...parseBlocks(response.body));
    if (events.at(-1)?.event === "close") return events;
    if (response.complete) throw new Error(`${way} ${attempt} ended as if it were whole, after ${events.at(-1)?.id}`);
  }
  throw new Error(`${way}: no end after ${maxAttempts} attempts`);
}

function toRequest(
  { url, message, key, model, silenceMs }: Question,
  way: Way,
  known: { lastEventId: string | undefined; location: string | undefined },
): RawRequest {
  const resume: Record<string, string> = known.lastEventId === undefined ? {} : { "Last-Event-ID": known.lastEventId };
  if (known.location !== undefined) return { url: `${url}${known.location}`, headers: resume, silenceMs };
  const body = { message, ...(model !== undefined && { model }) };
  if (way === "same-get") {
    return { url: `${url}/api/chat?${new URLSearchParams({ ...body, key }).toString()}`, headers: resume, silenceMs };
  }
  const headers = known.lastEventId === undefined ? { "Idempotency-Key": key } : resume;
  return { method: "POST", url: `${url}/api/chat`, headers, body, silenceMs };
}

async function askByClient(question: Question, way: "client-post" | "client-get"): Promise<WireEvent[]> {
  const { url, message, key, model, silenceMs } = question;
  const body = { message, ...(model !== undefined && { model }) };
  await using stream =
    way === "client-get"
      ? openEventStream(`${url}/api/chat?${new URLSearchParams({ ...body, key }).toString()}`, {
          silenceMs,
          // The server asks for a second between two attempts: a test with thousands of cuts does not wait for it.
          onStateChange: (state) => state.name === "waiting" && stream.retryNow(),
        })
      : openEventStream(`${url}/api/chat`, {
          method: "POST",
          headers: { "Content-Type": "application/json", "Idempotency-Key": key },
          body: JSON.stringify(body),
          silenceMs,
          onStateChange: (state) => state.name === "waiting" && stream.retryNow(),
        });
  const events: WireEvent[] = [];
  for await (const { event, data, lastEventId } of stream) {
    events.push({ event, data, id: lastEventId });
    if (event === "close") break;
  }
  return events;
}
