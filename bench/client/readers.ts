/** Each client as its own documentation uses it, over the same body: reads it to its end. Called by reader-main.ts. */
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { openEventStream, readEventStream } from "@typebar/client";
import { EventSourcePlus } from "event-source-plus";
import { createEventSource } from "eventsource-client";
import { createParser } from "eventsource-parser";
import { events } from "fetch-event-stream";
import OpenAI from "openai";

/** Resolves after the last event; counts events and the characters of their data. */
export type Reader = (response: () => Response, lastEvent: number) => Promise<Count>;

export interface Count {
  events: number;
  chars: number;
}

const url = "http://127.0.0.1/";

export const readers: Readonly<Record<string, Reader>> = {
  async typebar(response, lastEvent) {
    const count = { events: 0, chars: 0 };
    await readEventStream(url, {
      fetch: async () => response(),
      onEvent(event, stream) {
        count.events += 1;
        count.chars += event.data.length;
        if (count.events === lastEvent) stream.close();
      },
    });
    return count;
  },

  async "typebar (for await)"(response, lastEvent) {
    const count = { events: 0, chars: 0 };
    for await (const event of openEventStream(url, { fetch: async () => response() })) {
      count.events += 1;
      count.chars += event.data.length;
      if (count.events === lastEvent) break;
    }
    return count;
  },

  /** The measure: a bare loop that reconnects, resumes and limits nothing. */
  async "eventsource-parser"(response) {
    const count = { events: 0, chars: 0 };
    const parser = createParser({
      onEvent(event) {
        count.events += 1;
        count.chars += event.data.length;
      },
    });
    const decoder = new TextDecoder();
    const reader = response().body?.getReader();
    for (;;) {
      const result = await reader?.read();
      if (result?.value === undefined) return count;
      parser.feed(decoder.decode(result.value, { stream: true }));
    }
  },

  // Its iterator loses events where several come in one chunk, so it is measured by its callback.
  "eventsource-client"(response, lastEvent) {
    const count = { events: 0, chars: 0 };
    const { promise, resolve } = Promise.withResolvers<Count>();
    const source = createEventSource({
      url,
      fetch: async () => response(),
      onMessage(event) {
        count.events += 1;
        count.chars += event.data.length;
        if (count.events !== lastEvent) return;
        source.close();
        resolve(count);
      },
    });
    return promise;
  },

  async "@microsoft/fetch-event-source"(response) {
    // It asks for a page.
    Object.assign(globalThis, { window: globalThis, document: new EventTarget() });
    const count = { events: 0, chars: 0 };
    await fetchEventSource(url, {
      openWhenHidden: true,
      fetch: async () => response(),
      onmessage(event) {
        count.events += 1;
        count.chars += event.data.length;
      },
    });
    return count;
  },

  async "fetch-event-stream"(response) {
    const count = { events: 0, chars: 0 };
    for await (const event of events(response())) {
      count.events += 1;
      count.chars += event.data?.length ?? 0;
    }
    return count;
  },

  "event-source-plus"(response, lastEvent) {
    const count = { events: 0, chars: 0 };
    const { promise, resolve } = Promise.withResolvers<Count>();
    const source = new EventSourcePlus(url, { fetch: async () => response(), retryStrategy: "on-error" });
    const controller = source.listen({
      onMessage(event) {
        count.events += 1;
        count.chars += event.data.length;
        if (count.events !== lastEvent) return;
        controller.abort();
        resolve(count);
      },
    });
    return promise;
  },

  async openai(response) {
    const count = { events: 0, chars: 0 };
    const client = new OpenAI({ apiKey: "none", baseURL: url, fetch: async () => response() });
    const stream = await client.chat.completions.create({ model: "none", messages: [], stream: true });
    // It hands out what it parsed from the data.
    for await (const chunk of stream) {
      count.events += 1;
      count.chars += chunk === null ? 0 : 1;
    }
    return count;
  },
};
