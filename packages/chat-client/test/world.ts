/** A real server with a scripted model behind it, and a client whose requests are noted. Used by the tests beside it. */
import { openScriptedModel, openTypebarProcess } from "@typebar/testing";
import type { ScriptedModel, TypebarProcess } from "@typebar/testing";
import { createChatClient } from "../src/index.ts";
import type { ChatClient, ChatClientOptions } from "../src/index.ts";

export interface World extends AsyncDisposable {
  readonly model: ScriptedModel;
  readonly server: TypebarProcess;
}

export async function openWorld(env: Record<string, string> = {}): Promise<World> {
  const model = await openScriptedModel();
  const server = await openTypebarProcess({
    env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_MODEL: "scripted", ...env },
  });
  return {
    model,
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await model.close();
    },
  };
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
}

/** A client as a page makes it, with what it sent and the events it was sent. */
export interface Watched {
  readonly client: ChatClient;
  readonly sent: Sent[];
  readonly eventIds: string[];
  readonly data: string[];
}

export function openClient(baseUrl: string, options: ChatClientOptions = {}): Watched {
  const sent: Sent[] = [];
  const eventIds: string[] = [];
  const data: string[] = [];
  const client = createChatClient({
    baseUrl,
    fetch(input, init) {
      const { pathname } = new URL(input instanceof Request ? input.url : input);
      sent.push({ method: init?.method ?? "GET", path: pathname, headers: new Headers(init?.headers) });
      return fetch(input, init);
    },
    observe(observation) {
      if (observation.type !== "event") return;
      eventIds.push(observation.lastEventId);
      data.push(observation.data);
    },
    ...options,
  });
  return { client, sent, eventIds, data };
}
