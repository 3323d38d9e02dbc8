/**
 * One generation over however many connections: events -> answer. Called by thread.ts, for an answer that is being
 * asked for as for one that is already running.
 */

import { EventStreamError, openEventStream } from "@typebar/client";
import type { ConnectionState, EventStream } from "@typebar/client";
import { headerNames } from "@typebar/chat/protocol";
import type { ChatRequest } from "@typebar/chat/protocol";
import { ApiError, toApiError } from "../api/api.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { nextAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";

/** Either asks for a new answer (the key makes repeating it safe) or follows one. */
export type StreamSource = { request: ChatRequest; key: string } | { generationId: string };

export interface FollowOptions {
  source: StreamSource;
  answer: Answer;
  signal: AbortSignal;
  wire: WireLog;
  now(): number;
  onStream(stream: EventStream): void;
  onAnswer(answer: Answer): void;
  onConnection(state: ConnectionState): void;
}

/**
 * @returns the answer as far as it came; `closed` tells whether that is all of it.
 * @throws {ApiError} the server refused.
 */
export async function followStream(options: FollowOptions): Promise<Answer> {
  const { source, wire } = options;
  const { url, init } = toRequest(source);
  let { answer } = options;
  try {
    const stream = openEventStream(url, {
      ...init,
      signal: options.signal,
      onStateChange(state) {
        wire.add({ kind: "connection", id: "", name: state.name, data: describe(state, init.method, url) });
        options.onConnection(state);
      },
    });
    wire.add({ kind: "connection", id: "", name: "connecting", data: `${init.method} ${url}` });
    options.onStream(stream);
    for await (const { event, data, lastEventId } of stream) {
      wire.add({ kind: "event", id: lastEventId, name: event, data });
      answer = nextAnswer(answer, { event, data }, options.now());
      options.onAnswer(answer);
      if (answer.closed) break;
    }
    return answer;
  } catch (error) {
    if (options.signal.aborted) return answer;
    if (error instanceof EventStreamError) throw toApiError(error.problem, error.status ?? 0);
    throw new ApiError("internal", String(error), null, error);
  }
}

function toRequest(source: StreamSource): {
  url: string;
  init: { method: string; headers: HeadersInit; body?: string };
} {
  if ("generationId" in source) {
    const url = `/api/generations/${encodeURIComponent(source.generationId)}/events`;
    return { url, init: { method: "GET", headers: { [headerNames.resume]: "1" } } };
  }
  const headers = {
    "Content-Type": "application/json",
    [headerNames.resume]: "1",
    [headerNames.idempotencyKey]: source.key,
  };
  return { url: "/api/chat", init: { method: "POST", headers, body: JSON.stringify(source.request) } };
}

function describe(state: ConnectionState, method: string, url: string): string {
  if (state.name === "waiting") return `${state.error.code}, again in ${Math.round(state.delayMs)} ms`;
  if (state.name === "closed") return state.error instanceof Error ? state.error.message : "";
  return `${method} ${url}`;
}
