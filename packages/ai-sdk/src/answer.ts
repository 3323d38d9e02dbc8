/**
 * One answer, over however many connections -> one stream of chunks for the AI SDK. Called by transport.ts.
 *
 * The consumer never notices a lost connection. An abort ends its stream at once; what remains to be done with the
 * server (stopping the generation, and waiting until it ended) goes on behind it, as `ended`.
 */
import { openEventStream } from "@typebar/client";
import type { ConnectionState, EventStream, EventStreamOptions, IncomingEvent } from "@typebar/client";
import type { UIMessageChunk } from "ai";
import { TypebarTransportError } from "./errors.ts";
import { createHistory } from "./history.ts";

export interface AnswerRequest {
  url: string;
  /** How it is sent, over and over. */
  stream: EventStreamOptions;
  /** Where the events of a generation are, for a connection lost before the first of them. */
  eventsOf: (generationId: string) => string;
  /** `undefined` in AI SDK 5, when an answer is resumed. */
  signal: AbortSignal | undefined;
  /** Asks for a stop, until it was heard; without an ID no answer came yet. `undefined`: an abort stops nothing. */
  stop: ((generationId: string | undefined) => Promise<void>) | undefined;
  /** Whether an abort before the first answer stops too: a start may have been heard, a resume starts nothing. */
  stopUnopened: boolean;
}

export interface Answer {
  /** `undefined`: nothing is running. Rejects with what ended the stream before it was open. */
  readonly chunks: Promise<ReadableStream<UIMessageChunk> | undefined>;
  /** Settles when an aborted answer has ended on the server, so that the conversation is free; never rejects. */
  readonly ended: Promise<void>;
}

export function followAnswer(request: AnswerRequest): Answer {
  const { signal } = request;
  const opening = Promise.withResolvers<boolean>();
  // Settles at the first thing that is heard of the present attempt, good or bad.
  let heard = Promise.withResolvers<void>();
  const ending = Promise.withResolvers<void>();
  const history = createHistory();
  let generationId: string | undefined;
  let consumer: ReadableStreamDefaultController<UIMessageChunk> | undefined;
  let isOpen = false;
  let events = open(request.url, request.stream);

  function open(url: string, options: EventStreamOptions): EventStream {
    return openEventStream(url, {
      ...options,
      onOpen(response) {
        isOpen = true;
        generationId ??= response.headers.get("Typebar-Generation") ?? undefined;
        heard.resolve();
        opening.resolve(true);
      },
      onStateChange(state) {
        if (state.name === "connecting") heard = Promise.withResolvers();
        if (state.name === "waiting" || state.name === "closed") heard.resolve();
        if (state.name === "closed") conclude(state);
        options.onStateChange?.(state);
      },
    });
  }

  function conclude(state: Extract<ConnectionState, { name: "closed" }>): void {
    if ("error" in state) opening.reject(state.error);
    else opening.resolve(false);
  }

  async function nextEvent(): Promise<IncomingEvent | undefined> {
    const { value } = await events.next();
    if (value !== undefined || signal?.aborted || !isOpen || generationId === undefined) return value;
    // 204 without a `close`: the answer ended between two connections. What it was can still be had by its ID.
    const { method: _method, body: _body, ...rest } = request.stream;
    events = open(request.eventsOf(generationId), { ...rest, lastEventId: events.lastEventId });
    return (await events.next()).value;
  }

  async function nextChunk(): Promise<UIMessageChunk | undefined> {
    for (;;) {
      const event = await nextEvent();
      if (event === undefined || event.event === "close") return undefined;
      if (event.event === "reset") history.rewind();
      const chunk = event.event === "message" ? history.accept(parseChunk(event.data)) : undefined;
      if (chunk !== undefined) return chunk;
    }
  }

  async function pull(controller: ReadableStreamDefaultController<UIMessageChunk>): Promise<void> {
    try {
      const chunk = await nextChunk();
      if (signal?.aborted) return;
      if (chunk !== undefined) return controller.enqueue(chunk);
      finish();
      controller.close();
    } catch (error) {
      if (signal?.aborted) return;
      finish();
      controller.error(error);
    }
  }

  function onAbort(): void {
    opening.reject(signal?.reason);
    consumer?.error(signal?.reason);
    afterAbort().then(finish, finish);
  }

  async function afterAbort(): Promise<void> {
    if (request.stop === undefined || !(isOpen || request.stopUnopened)) return;
    await heard.promise;
    // A start that is not repeated cannot be heard after we looked what there is to stop.
    if (!isOpen) events.close();
    await request.stop(generationId);
    if (!isOpen) return;
    for (let event = await nextEvent(); event !== undefined && event.event !== "close"; event = await nextEvent());
  }

  function finish(): void {
    signal?.removeEventListener("abort", onAbort);
    events.close();
    ending.resolve();
  }

  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();

  const chunks = opening.promise.then((isThere) => {
    if (!isThere) {
      finish();
      return undefined;
    }
    return new ReadableStream<UIMessageChunk>({
      start: (controller) => void (consumer = controller),
      pull,
      // Whoever lets go without an abort has read an error, or lost interest: nothing is stopped.
      cancel: () => (signal?.aborted ? undefined : finish()),
    });
  }, fail);

  function fail(error: unknown): never {
    if (!signal?.aborted) finish();
    throw error;
  }

  return { chunks, ended: ending.promise };
}

/** @throws {TypebarTransportError} "not-a-chunk". */
function parseChunk(data: string): UIMessageChunk {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch (cause) {
    throw new TypebarTransportError("not-a-chunk", "An event is not JSON", { cause });
  }
  if (typeof value === "object" && value !== null && "type" in value && typeof value.type === "string") {
    return value as UIMessageChunk;
  }
  throw new TypebarTransportError("not-a-chunk", "An event is no chunk");
}
