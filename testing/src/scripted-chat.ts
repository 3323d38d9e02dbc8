/** One chat request to the scripted model, from its body to its last byte. Called by scripted-model.ts. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRandom } from "./random.ts";
import { parseScript, scriptedAnswer, type ScriptFault, scriptedReasoning } from "./scripted-answer.ts";
import { readScriptedRequest, type ScriptedKind } from "./scripted-request.ts";
import { createSender } from "./scripted-sender.ts";
import type { ScriptedRequest, ScriptedState } from "./scripted-state.ts";

interface ChatOptions {
  delayMs: number;
  apiKey: string | undefined;
}

/** @throws {UnreadableRequest} */
export async function answerChat(
  incoming: IncomingMessage,
  response: ServerResponse,
  state: ScriptedState,
  options: ChatOptions,
): Promise<void> {
  if (options.apiKey !== undefined && incoming.headers.authorization !== `Bearer ${options.apiKey}`) {
    sendError(response, 401, "Incorrect API key provided: sk-secret-of-the-server");
    return;
  }
  const request: ScriptedRequest = {
    ...(await readScriptedRequest(incoming)),
    headers: incoming.headers,
    outcome: "running",
    deltasSent: 0,
    textSent: "",
    lastDeltaAtMs: undefined,
  };
  state.requests.push(request);
  state.changed();
  const gone = new AbortController();
  const end = (outcome: ScriptedRequest["outcome"]): void => {
    if (request.outcome === "running") request.outcome = outcome;
    state.changed();
  };
  response.on("close", () => {
    if (!response.writableFinished) end("aborted");
    gone.abort();
  });
  const refusal = findRefusal(request, state);
  if (refusal !== undefined) {
    end("refused");
    sendError(response, 400, refusal);
    return;
  }
  const fault = findFault(request, state);
  if (fault !== undefined && sendFaultyHead(fault, response)) {
    end("faulted");
    return;
  }
  end(await send(response, request, state, { delayMs: options.delayMs, fault, signal: gone.signal }));
}

function findRefusal({ key, kind, model, keptText }: ScriptedRequest, state: ScriptedState): string | undefined {
  if (!scriptedAnswer(key).startsWith(keptText)) {
    state.violations.push(`The kept text of a ${kind} request is no prefix of the answer to "${key}"`);
    return "the kept text is not a prefix of the answer";
  }
  const refused: Record<ScriptedKind, readonly string[]> = {
    start: [],
    prefill: ["no-prefill", "prompt-only", "overlaps"],
    prompt: ["no-prefill"],
  };
  return refused[kind].includes(model) ? "this model does not continue an answer" : undefined;
}

function findFault({ key }: ScriptedRequest, state: ScriptedState): ScriptFault | undefined {
  const { fault } = parseScript(key);
  return fault !== undefined && countAsks(key, state) <= fault.times ? fault.name : undefined;
}

function countAsks(key: string, state: ScriptedState): number {
  return state.requests.filter((request) => request.key === key).length;
}

function send(
  response: ServerResponse,
  request: ScriptedRequest,
  state: ScriptedState,
  { delayMs, fault, signal }: { delayMs: number; fault: ScriptFault | undefined; signal: AbortSignal },
): Promise<ScriptedRequest["outcome"]> {
  const { key, kind, model, keptText } = request;
  const script = parseScript(key);
  const sender = createSender(response, request, {
    delayMs: script.delayMs ?? delayMs,
    firstDelayMs: script.firstDelayMs,
    deltas: script.deltas,
    random: createRandom(script.seed + countAsks(key, state)),
    streams: request.body["stream"] === true,
    reasoning: kind === "start" ? scriptedReasoning(key) : "",
    text: scriptedAnswer(key).slice(toStart(model, keptText)),
    fault,
    holdAfterDeltas: script.holdAfterDeltas,
    released: () => state.waitUntil(() => (state.isReleased(key) ? true : undefined), signal),
    signal,
    changed: state.changed,
  });
  return sender.send();
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

export function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { message, type: "scripted_error", param: null, code: null } });
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
}
