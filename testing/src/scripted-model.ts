/**
 * An OpenAI-compatible server whose every character is known beforehand: it stands in for the model in tests.
 * Checks what it is asked, counts it, and breaks on request. What it says comes from scripted-answer.ts.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createRandom } from "./random.ts";
import { createSender } from "./scripted-sender.ts";
import { parseScript, scriptedAnswer, type ScriptFault, scriptedReasoning } from "./scripted-answer.ts";
import { readScriptedRequest, type ScriptedKind, UnreadableRequest } from "./scripted-request.ts";

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

export interface ScriptedRequest {
  /** The question that is answered: the user's prompt, also when the request continues an answer. */
  key: string;
  kind: ScriptedKind;
  model: string;
  /** The text the answer goes on from; empty at a start. */
  keptText: string;
  body: Record<string, unknown>;
  headers: Record<string, string | string[] | undefined>;
  /** `aborted`: the client went away first. `faulted`: a directive of the prompt ended it. */
  outcome: "running" | "completed" | "aborted" | "refused" | "faulted";
  deltasSent: number;
  textSent: string;
  /** By the wall clock, in milliseconds; `undefined` before the first delta. */
  lastDeltaAtMs: number | undefined;
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

/** Starts it on 127.0.0.1. `GET /requests` and `POST /release?key=` serve tests in another process. */
export async function openScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const requests: ScriptedRequest[] = [];
  const violations: string[] = [];
  const released = new Set<string>();
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watch of watchers) watch();
  };

  const waitUntil = <Value>(read: () => Value | undefined, signal?: AbortSignal): Promise<Value> => {
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const watch = (): void => {
      const value = read();
      if (value !== undefined) resolve(value);
    };
    const stop = (): void => reject(new Error("the client went away"));
    watchers.add(watch);
    signal?.addEventListener("abort", stop);
    watch();
    return promise.finally(() => {
      watchers.delete(watch);
      signal?.removeEventListener("abort", stop);
    });
  };

  const answerChat = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (options.apiKey !== undefined && incoming.headers.authorization !== `Bearer ${options.apiKey}`) {
      sendError(response, 401, "Incorrect API key provided: sk-secret-of-the-server");
      return;
    }
    const asked = await readScriptedRequest(incoming);
    const request: ScriptedRequest = {
      ...asked,
      headers: incoming.headers,
      outcome: "running",
      deltasSent: 0,
      textSent: "",
      lastDeltaAtMs: undefined,
    };
    requests.push(request);
    changed();
    const end = (outcome: ScriptedRequest["outcome"]): void => {
      if (request.outcome === "running") request.outcome = outcome;
      changed();
    };
    const gone = new AbortController();
    response.on("close", () => {
      if (!response.writableFinished) end("aborted");
      gone.abort();
    });

    const { key, kind, model, keptText } = request;
    const script = parseScript(key);
    const answer = scriptedAnswer(key);
    if (!answer.startsWith(keptText)) {
      violations.push(`The kept text of a ${kind} request is no prefix of the answer to "${key}"`);
      sendError(response, 400, "the kept text is not a prefix of the answer");
      end("refused");
      return;
    }
    const refuses =
      (kind === "prefill" && (model === "no-prefill" || model === "prompt-only" || model === "overlaps")) ||
      (kind === "prompt" && model === "no-prefill");
    if (refuses) {
      sendError(response, 400, "this model does not continue an answer");
      end("refused");
      return;
    }

    const asksOfKey = requests.filter((other) => other.key === key).length;
    const fault = script.fault !== undefined && asksOfKey <= script.fault.times ? script.fault.name : undefined;
    if (fault !== undefined && sendFaultyHead(fault, response)) {
      end("faulted");
      return;
    }
    const sender = createSender(response, request, {
      delayMs: script.delayMs ?? options.delayMs ?? 0,
      firstDelayMs: script.firstDelayMs,
      deltas: script.deltas,
      random: createRandom(script.seed + asksOfKey),
      streams: request.body["stream"] === true,
      reasoning: kind === "start" ? scriptedReasoning(key) : "",
      text: answer.slice(toStart(model, keptText)),
      fault,
      holdAfterDeltas: script.holdAfterDeltas,
      released: () => waitUntil(() => (released.has(key) ? true : undefined), gone.signal),
      signal: gone.signal,
      changed,
    });
    end(await sender.send());
  };

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://scripted");
    const route = `${incoming.method} ${url.pathname}`;
    if (route === "POST /v1/chat/completions") {
      answerChat(incoming, response).catch((error: unknown) => {
        if (response.destroyed) return;
        violations.push(String(error));
        changed();
        if (response.headersSent) response.destroy();
        else sendError(response, error instanceof UnreadableRequest ? 400 : 500, String(error));
      });
    } else if (route === "GET /v1/models") {
      const names = options.models ?? scriptedModels;
      const data = names.map((id) => ({
        id,
        object: "model",
        created: 1_700_000_000,
        owned_by: options.ownedBy ?? "scripted",
      }));
      sendJson(response, 200, { object: "list", data });
    } else if (route === "GET /requests") {
      sendJson(response, 200, { requests, violations });
    } else if (route === "POST /release") {
      released.add(url.searchParams.get("key") ?? "");
      changed();
      sendJson(response, 200, {});
    } else {
      sendError(response, 404, `no such route: ${route}`);
    }
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await new Promise<void>((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", reject);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The scripted model has no TCP port");
  const { port } = address;

  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    violations,
    count: (key) => requests.filter((request) => request.key === key).length,
    waitFor: (predicate) => waitUntil(() => requests.find(predicate)),
    release: (key) => {
      released.add(key);
      changed();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** From which UTF-16 index of the answer this model goes on. */
function toStart(model: string, keptText: string): number {
  if (model === "restarts") return 0;
  if (model !== "overlaps") return keptText.length;
  return Array.from(keptText).slice(0, -30).join("").length;
}

/** The faults that leave no stream to break. Says whether it answered. */
function sendFaultyHead(fault: ScriptFault, response: ServerResponse): boolean {
  if (fault === "401") sendError(response, 401, "Incorrect API key provided: sk-secret-of-the-server");
  else if (fault === "500") sendError(response, 500, "stack: at secret-upstream.py line 1");
  else if (fault === "429") {
    response.setHeader("Retry-After", "1");
    sendError(response, 429, "Rate limit reached");
  } else if (fault === "html") {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
    response.end("<!doctype html><title>Sign in</title><p>A proxy's page, not an answer.</p>");
  } else return false;
  return true;
}

function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { message, type: "scripted_error", param: null, code: null } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
