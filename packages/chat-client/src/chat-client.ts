/** The way to one Typebar server: starts, follows, resumes and stops generations. Everything else is made over it. */
import { openEventStream } from "@typebar/client";
import type { ConnectionState, EventStream } from "@typebar/client";
import { headerNames } from "@typebar/chat/protocol";
import type { ChatRequest } from "@typebar/chat/protocol";
import { emptyAnswer } from "./answer.ts";
import type { Answer } from "./answer.ts";
import { createApi } from "./api.ts";
import type { Api, CallOptions } from "./api.ts";
import { toChannelStream } from "./channel-stream.ts";
import type { ChannelStream } from "./channel-stream.ts";
import { createCursors } from "./cursors.ts";
import type { ChatError } from "./errors.ts";
import { openGenerationHandle } from "./generation-handle.ts";
import type { GenerationHandle } from "./generation-handle.ts";
import { randomKey } from "./random-key.ts";
import { toHeaders, toUrl } from "./server-address.ts";
import type { ServerAddress } from "./server-address.ts";
import { createMemoryStorage } from "./storage.ts";
import type { CursorStorage } from "./storage.ts";
import { openSharedChannels } from "./tabs/shared-channels.ts";
import type { OpenSettings } from "./tabs/shared-stream.ts";
import { alone, createTabs } from "./tabs/tabs.ts";

export interface ChatClientOptions extends ServerAddress {
  /**
   * Keeps how far each running generation was read, and its text until there. With `createWebStorage("session")` a
   * reloaded page goes on at the exact event. @defaultValue createMemoryStorage()
   */
  storage?: CursorStorage;
  /**
   * The tabs of a browser that name the same group share their connections: each stream is read once and told to all, and of
   * all running answers at most three are read at a time, so that requests find a free connection however many tabs are
   * open. It is the name of whoever is signed in: another person's tabs must not share it. Where the browser has no Web
   * Locks (it has them on https and on the computer's own addresses), each tab reads for itself.
   *
   * @defaultValue undefined: each tab reads for itself
   */
  shareConnections?: string;
  /** Called when the server wants a password, before what was asked is rejected. */
  onUnauthorized?: () => void;
  /** Sees what comes over the wire, as it comes: for a log, or a view of it. */
  observe?: (observation: WireObservation) => void;
  /** Time in milliseconds, for how long reasoning took. @defaultValue Date.now */
  now?: () => number;
}

export type WireObservation =
  | { type: "event"; event: string; data: string; lastEventId: string }
  | { type: "connection"; state: ConnectionState; method: string; url: string };

export interface StartOptions {
  /**
   * The same key with the same request never asks twice: it follows what the first one started.
   * @defaultValue a new one
   */
  key?: string;
  /** What the snapshots hold until the answer begins: the kept text, with `continue-message`. @defaultValue an empty answer */
  answer?: Answer;
}

export interface FollowOptions {
  /** Goes on after this event, instead of after the stored place. `answer` is what had been made of the events until there. */
  after?: string;
  answer?: Answer;
}

export interface FollowChannelsOptions {
  /** So many events of each channel's history come first. @defaultValue 0; 1 for the channel `online` alone */
  history?: number;
  /** Goes on after this event, remembered from an earlier stream; then no history is asked for. */
  after?: string;
  /**
   * Names of events whose last one says all there is to know. Where tabs share a connection, one that joins gets `ready`,
   * and then the last of each of these. @defaultValue none
   */
  kept?: readonly string[];
  onConnectionChange?: (connection: ConnectionState) => void;
}

export interface ChatClient extends Api {
  /** Asks. Repeating it after a cut is safe: each start has an `Idempotency-Key`. */
  start(request: ChatRequest, options?: StartOptions): GenerationHandle;
  /** Follows a generation, running or ended: from its stored place, else from its start. */
  follow(generationId: string, options?: FollowOptions): GenerationHandle;
  /**
   * Follows what runs in a conversation; `null` if nothing does: its messages then hold all of it.
   * Rejects with {@link ChatError}.
   */
  resume(conversationId: string, options?: CallOptions): Promise<GenerationHandle | null>;
  /**
   * Follows channels, all of them over one connection. What was missed while it was cut comes first when it is back.
   *
   * With `shareConnections` it is one connection for all tabs that follow the same channels, unless `history` or `after` is
   * given. A tab that nobody looks at for ten seconds leaves the reading to others, and is told by them.
   */
  followChannels(channels: readonly string[], options?: FollowChannelsOptions): ChannelStream;
}

/** What a stream asks for. */
interface StreamRequest {
  method: "GET" | "POST";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

function toFollow(generationId: string): StreamRequest {
  const path = `/api/generations/${encodeURIComponent(generationId)}/events`;
  return { method: "GET", path, headers: { [headerNames.resume]: "1" } };
}

export function createChatClient(options: ChatClientOptions = {}): ChatClient {
  const { observe, now = Date.now } = options;
  const cursors = createCursors(options.storage ?? createMemoryStorage());
  const api = createApi(options, onError);
  const tabs =
    options.shareConnections === undefined ? alone : createTabs(options.shareConnections, options.baseUrl ?? "");

  function onError(error: ChatError): void {
    if (error.code === "unauthorized") options.onUnauthorized?.();
  }

  function observeConnection({ method, path }: StreamRequest, state: ConnectionState): void {
    observe?.({ type: "connection", state, method, url: toUrl(options, path) });
  }

  function openStream(request: StreamRequest, settings: Partial<OpenSettings>): EventStream {
    const { method, body } = request;
    const url = toUrl(options, request.path);
    const tell = (state: ConnectionState): void => observeConnection(request, state);
    const stream = openEventStream(url, {
      method,
      headers: () => toHeaders(options, request.headers),
      ...(settings.signal && { signal: settings.signal }),
      lastEventId: settings.lastEventId ?? "",
      onStateChange(state) {
        tell(state);
        settings.onStateChange?.(state);
      },
      ...(body !== undefined && { body }),
      ...(options.fetch && { fetch: options.fetch }),
    });
    tell(stream.state);
    return stream;
  }

  function openHandle(
    begin: StreamRequest | null,
    generationId: string,
    { resumes = null, after = "", answer = emptyAnswer }: FollowOptions & { resumes?: string | null },
  ): GenerationHandle {
    return openGenerationHandle({
      tabs,
      begin: begin === null ? null : (settings) => openStream(begin, settings),
      follow: (id, settings) => openStream(toFollow(id), settings),
      generationId,
      cursors,
      resumes,
      after,
      answer,
      now,
      onTold: (id, state) => observeConnection(toFollow(id), state),
      onEvent: ({ event, data, lastEventId }) => observe?.({ type: "event", event, data, lastEventId }),
      onError,
    });
  }

  const client: ChatClient = {
    ...api,
    start(request, { key = randomKey(), answer = emptyAnswer } = {}) {
      const headers = {
        "Content-Type": "application/json",
        [headerNames.resume]: "1",
        [headerNames.idempotencyKey]: key,
      };
      return openHandle({ method: "POST", path: "/api/chat", headers, body: JSON.stringify(request) }, "", { answer });
    },
    follow(generationId, followed = {}) {
      const resumes = followed.after === undefined ? generationId : null;
      return openHandle(null, generationId, { ...followed, resumes });
    },
    async resume(conversationId, call) {
      const { generationId } = await api.readConversation(conversationId, call);
      return generationId === null ? null : client.follow(generationId);
    },
    followChannels(channels, { history, after, kept = [], onConnectionChange } = {}) {
      const query = new URLSearchParams({
        channels: channels.join(),
        ...(history !== undefined && { history: String(history) }),
      });
      const path = `/api/channels/events?${query}`;
      const request: StreamRequest = { method: "GET", path, headers: { [headerNames.resume]: "1" } };
      const isShared = tabs !== alone && history === undefined && after === undefined;
      const stream = isShared
        ? openSharedChannels({
            tabs,
            channels,
            kept,
            open: (settings) => openStream(request, settings),
            onTold: (state) => observeConnection(request, state),
            ...(onConnectionChange && { onConnectionChange }),
          })
        : openStream(request, {
            ...(after !== undefined && { lastEventId: after }),
            ...(onConnectionChange && { onStateChange: onConnectionChange }),
          });
      return toChannelStream({ stream, onEvent: (event) => observe?.({ type: "event", ...event }), onError });
    },
  };
  return client;
}
