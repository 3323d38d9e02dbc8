/** One run of a case with the real client, in whatever runtime: no import but the client's. Called by run-all.ts. */
import { EventSource, fetchEventSource, openEventStream, readEventStream } from "@typebar/client";
import type { EventSourceErrorEvent, EventStreamOptions } from "@typebar/client";
import type { CaseOutcome, HttpCase } from "./case.ts";

export type ClientOutcome = Omit<CaseOutcome, "requests">;

/** Pauses are short in every case, unless it says otherwise. */
const backoff = { initialMs: 1, maxMs: 2 };

export async function runCase(url: string, one: HttpCase): Promise<ClientOutcome> {
  const events: CaseOutcome["events"] = [];
  const { method, headers, body, emptyChunks } = one;
  const options = {
    backoff,
    ...one.options,
    ...(method !== undefined && { method }),
    ...(headers !== undefined && { headers }),
    ...(body !== undefined && { body }),
    ...(emptyChunks && { fetch: fetchWithEmptyChunks }),
  };
  try {
    await clients[one.client ?? "openEventStream"](url, options, events);
    return { events, error: null };
  } catch (error) {
    return { events, error: toCode(error) };
  }
}

type Client = (url: string, options: EventStreamOptions, events: CaseOutcome["events"]) => Promise<void>;

/** Each follows to the end, or to an event named `close`. */
const clients: Record<NonNullable<HttpCase["client"]>, Client> = {
  async openEventStream(url, options, events) {
    for await (const { event, data, lastEventId } of openEventStream(url, options)) {
      events.push([event, data, lastEventId]);
      if (event === "close") break;
    }
  },
  readEventStream(url, options, events) {
    return readEventStream(url, {
      ...options,
      onEvent({ event, data, lastEventId }, stream) {
        events.push([event, data, lastEventId]);
        if (event === "close") stream.close();
      },
    });
  },
  async fetchEventSource(url, options, events) {
    const controller = new AbortController();
    await fetchEventSource(url, {
      ...options,
      signal: controller.signal,
      onmessage({ event, data, id }) {
        events.push([event, data, id]);
        if (event === "close") controller.abort();
      },
    });
  },
  EventSource(url, options, events) {
    const source = new EventSource(url, options);
    return new Promise((resolve, reject) => {
      for (const name of ["message", "named", "close"]) {
        source.addEventListener(name, ({ type, data, lastEventId }: MessageEvent<string>) => {
          events.push([type, data, lastEventId]);
          if (type !== "close") return;
          source.close();
          resolve();
        });
      }
      source.addEventListener("error", (event: Event) => {
        if (source.readyState === EventSource.CLOSED) reject((event as EventSourceErrorEvent).error);
      });
    });
  },
};

function toCode(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return String(error);
}

async function fetchWithEmptyChunks(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const { body, status, headers } = await fetch(url, init);
  const withEmpty = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (const one of [new Uint8Array(), chunk, new Uint8Array()]) controller.enqueue(one);
    },
  });
  return new Response(body?.pipeThrough(withEmpty) ?? null, { status, headers });
}
