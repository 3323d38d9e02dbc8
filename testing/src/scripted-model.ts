/**
 * An OpenAI-compatible server whose every character is known beforehand: it stands in for the model in tests.
 * Checks what it is asked, counts it, and breaks on request. What it says comes from scripted-answer.ts.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { answerChat, sendError, sendJson } from "./scripted-chat.ts";
import { UnreadableRequest } from "./scripted-request.ts";
import { createScriptedState, type ScriptedRequest } from "./scripted-state.ts";

export type { ScriptedRequest } from "./scripted-state.ts";

/**
 * How a model takes an answer that is to go on. Chosen by the request's `model`; another name behaves as `scripted`.
 * - `scripted`: goes on exactly after the kept text, by prefill and by prompt.
 * - `overlaps`: refuses a trailing assistant message; asked by prompt it first repeats the last 30 code points.
 * - `restarts`: begins again from the start.
 * - `prompt-only`: refuses a trailing assistant message, goes on when asked by prompt.
 * - `no-prefill`: refuses both.
 */
export const scriptedModels = ["scripted", "overlaps", "restarts", "prompt-only", "no-prefill"] as const;
export type ScriptedModelName = (typeof scriptedModels)[number];

export interface ScriptedModelOptions {
  /** @defaultValue 0: any free port */
  port?: number;
  /** Pause before each delta where the prompt has no `delay:`. @defaultValue 0 */
  delayMs?: number;
  /** Any other key is answered 401. @defaultValue every key is good */
  apiKey?: string;
  /** What `GET /v1/models` lists. @defaultValue {@link scriptedModels} */
  models?: readonly string[];
  /** `owned_by` in that list. @defaultValue "scripted" */
  ownedBy?: string;
}

export interface ScriptedModel extends AsyncDisposable {
  /** Base URL, ending in `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Every chat request so far, oldest first. */
  readonly requests: readonly ScriptedRequest[];
  /** What was asked wrongly, in sentences: a kept text that is no prefix of the answer, an unreadable body. */
  readonly violations: readonly string[];
  /** How many requests asked this question, continuations included. */
  count(key: string): number;
  /** Resolves once a request fulfils the predicate; at once if one does already. */
  waitFor(predicate: (request: ScriptedRequest) => boolean): Promise<ScriptedRequest>;
  /** Lets answers to this question go on past their `hold:`, now and later. */
  release(key: string): void;
  close(): Promise<void>;
}

/** Starts it on 127.0.0.1. `GET /requests`, `POST /release?key=`, `POST /break` and `POST /mend` serve tests in another process. */
export async function openScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const { models = scriptedModels, ownedBy = "scripted", delayMs = 0, apiKey } = options;
  const state = createScriptedState();
  const { requests, violations } = state;

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://scripted");
    const route = `${incoming.method} ${url.pathname}`;
    if (route === "POST /v1/chat/completions" && state.isBroken) {
      incoming.resume();
      sendError(response, 500, "broken for a while");
    } else if (route === "POST /v1/chat/completions") {
      answerChat(incoming, response, state, { delayMs, apiKey }).catch((error: unknown) => {
        if (response.destroyed) return;
        violations.push(String(error));
        state.changed();
        if (response.headersSent) response.destroy();
        else sendError(response, error instanceof UnreadableRequest ? 400 : 500, String(error));
      });
    } else if (route === "GET /v1/models") {
      const data = models.map((id) => ({ id, object: "model", created: 1_700_000_000, owned_by: ownedBy }));
      sendJson(response, 200, { object: "list", data });
    } else if (route === "GET /requests") {
      sendJson(response, 200, { requests, violations });
    } else if (route === "POST /release") {
      state.release(url.searchParams.get("key") ?? "");
      sendJson(response, 200, {});
    } else if (route === "POST /break" || route === "POST /mend") {
      state.isBroken = route === "POST /break";
      sendJson(response, 200, {});
    } else {
      sendError(response, 404, `no such route: ${route}`);
    }
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The scripted model has no TCP port");
  const { port } = address;

  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    violations,
    count: (key) => requests.filter((request) => request.key === key).length,
    waitFor: (predicate) => state.waitUntil(() => requests.find(predicate)),
    release: state.release,
    close,
    [Symbol.asyncDispose]: close,
  };
}
