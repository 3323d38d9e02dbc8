/**
 * One generation over however many connections: events -> answer, with the place kept. Opened by chat-client.ts, for an
 * answer that is being asked for as for one that is followed.
 */
import { initialState } from "@typebar/client";
import type { ConnectionState, EventStream } from "@typebar/client";
import { emptyAnswer, nextAnswer } from "./answer.ts";
import type { Answer, AnswerEvent } from "./answer.ts";
import type { Cursors } from "./cursors.ts";
import { toChatError } from "./errors.ts";
import type { ChatError } from "./errors.ts";
import { createListeners } from "./listeners.ts";

/**
 * Iterating gives the answer as it stands, again and again: whoever is slow gets the newest, not every step. Leaving
 * the loop closes the handle. Closing stops reading only; the generation goes on at the server.
 */
export interface GenerationHandle extends AsyncIterable<Answer, undefined>, AsyncDisposable {
  /** The answer as it stands: a new object after each event. */
  readonly answer: Answer;
  /** ID of the last event that `answer` holds; empty before the first. */
  readonly lastEventId: string;
  readonly connection: ConnectionState;
  /**
   * The answer when all of it is there (`closed` is true), or as far as it came when the handle was closed.
   * Rejects with {@link ChatError} if the server refused. A generation that failed is no error: see `answer.state`.
   */
  readonly done: Promise<Answer>;
  /** Calls after each change of `answer` or `connection`. @returns a function that ends the subscription. */
  subscribe(onChange: () => void): () => void;
  /** Ends a pause between two attempts now; otherwise does nothing. */
  retryNow(): void;
  close(): void;
}

export interface StreamSettings {
  signal: AbortSignal;
  lastEventId: string;
  onStateChange(state: ConnectionState): void;
}

export interface GenerationHandleOptions {
  open(settings: StreamSettings): EventStream;
  cursors: Cursors;
  /** Whose stored place is to be gone on from; `null` if none is. */
  resumes: string | null;
  /** What is had already, and the ID of its last event. */
  answer: Answer;
  after: string;
  now(): number;
  onEvent(event: AnswerEvent & { lastEventId: string }): void;
  onError(error: ChatError): void;
}

export function openGenerationHandle(options: GenerationHandleOptions): GenerationHandle {
  const { cursors } = options;
  const abort = new AbortController();
  const listeners = createListeners();
  let { answer, after: lastEventId } = options;
  let connection: ConnectionState = initialState;
  let stream: EventStream | undefined;
  let settled = false;

  async function run(): Promise<Answer> {
    const stored = options.resumes === null ? null : await cursors.read(options.resumes);
    if (stored !== null) {
      ({ answer, lastEventId } = stored);
      listeners.tell();
    }
    try {
      await read().catch(async (error: unknown) => {
        if (stored === null || toChatError(error).code !== "unknown-event-id") throw error;
        // The server's data is not what it was: from the start, as if nothing had been stored.
        answer = emptyAnswer;
        lastEventId = "";
        await read();
      });
      return answer;
    } catch (error) {
      if (abort.signal.aborted) return answer;
      const failure = toChatError(error);
      if (failure.code === "not-found" && options.resumes !== null) cursors.forget(options.resumes);
      options.onError(failure);
      throw failure;
    } finally {
      if (answer.closed && answer.generationId !== null) cursors.forget(answer.generationId);
      else cursors.flush();
      settled = true;
      listeners.tell();
    }
  }

  async function read(): Promise<void> {
    const { signal } = abort;
    signal.throwIfAborted();
    stream = options.open({ signal, lastEventId, onStateChange: moveTo });
    for await (const event of stream) {
      options.onEvent(event);
      answer = nextAnswer(answer, event, options.now());
      ({ lastEventId } = event);
      if (answer.generationId !== null && !answer.closed) cursors.keep(answer.generationId, { lastEventId, answer });
      listeners.tell();
      if (answer.closed) break;
    }
  }

  function moveTo(state: ConnectionState): void {
    connection = state;
    listeners.tell();
  }

  function close(): void {
    abort.abort();
  }

  const done = run();
  // Nobody has to wait for it.
  done.catch(() => undefined);

  async function* iterate(): AsyncGenerator<Answer, undefined> {
    let seen = emptyAnswer;
    try {
      for (;;) {
        if (answer !== seen) {
          seen = answer;
          yield answer;
        } else if (settled) {
          await done;
          return undefined;
        } else {
          await changed();
        }
      }
    } finally {
      close();
    }
  }

  function changed(): Promise<void> {
    return new Promise((resolve) => {
      const unsubscribe = listeners.subscribe(() => {
        unsubscribe();
        resolve();
      });
    });
  }

  return {
    get answer() {
      return answer;
    },
    get lastEventId() {
      return lastEventId;
    },
    get connection() {
      return connection;
    },
    done,
    subscribe: listeners.subscribe,
    retryNow: () => stream?.retryNow(),
    close,
    [Symbol.asyncIterator]: iterate,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}
