/**
 * One generation over however many connections: events -> answer, with the place kept. Opened by chat-client.ts, for an
 * answer that is being asked for as for one that is followed.
 */
import { initialState } from "@typebar/client";
import type { ConnectionState, EventStream, IncomingEvent } from "@typebar/client";
import { emptyAnswer, nextAnswer } from "./answer.ts";
import type { Answer, AnswerEvent } from "./answer.ts";
import type { Cursors } from "./cursors.ts";
import { toChatError } from "./errors.ts";
import type { ChatError } from "./errors.ts";
import { createListeners } from "./listeners.ts";
import { isLater } from "./place-order.ts";
import { createInterest } from "./tabs/interest.ts";
import { createSharedStream } from "./tabs/shared-stream.ts";
import type { OpenSettings, SharedStream } from "./tabs/shared-stream.ts";
import type { Tabs } from "./tabs/tabs.ts";

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
  /**
   * Whether the answer is looked at. Where tabs share connections and more answers run than they have, those in view
   * come first. @defaultValue true
   */
  setInView(inView: boolean): void;
  close(): void;
}

export interface GenerationHandleOptions {
  tabs: Tabs;
  /** Asks for an answer; `null`: one that has begun is followed. */
  begin: ((settings: OpenSettings) => EventStream) | null;
  follow(generationId: string, settings: OpenSettings): EventStream;
  /** The one that is followed; empty for one that is asked for. */
  generationId: string;
  cursors: Cursors;
  /** Whose stored place is to be gone on from; `null` if none is. */
  resumes: string | null;
  /** What is had already, and the ID of its last event. */
  answer: Answer;
  after: string;
  now(): number;
  /** The connection that another tab reads has changed. */
  onTold(generationId: string, state: ConnectionState): void;
  onEvent(event: AnswerEvent & { lastEventId: string }): void;
  onError(error: ChatError): void;
}

export function openGenerationHandle(options: GenerationHandleOptions): GenerationHandle {
  const { cursors, tabs } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const listeners = createListeners();
  const interest = createInterest(tabs.attention, "back");
  let { answer, after: lastEventId } = options;
  let connection: ConnectionState = initialState;
  let asking: EventStream | undefined;
  let shared: SharedStream | undefined;
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
      if (signal.aborted) return answer;
      const failure = toChatError(error);
      if (failure.code === "not-found" && options.resumes !== null) cursors.forget(options.resumes);
      options.onError(failure);
      throw failure;
    } finally {
      if (answer.closed && answer.generationId !== null) cursors.forget(answer.generationId);
      else cursors.flush();
      settled = true;
      interest[Symbol.dispose]();
      listeners.tell();
    }
  }

  async function read(): Promise<void> {
    signal.throwIfAborted();
    const begun = options.begin === null || lastEventId !== "" ? undefined : await ask(options.begin);
    if (answer.closed) return;
    const id = answer.generationId ?? options.generationId;
    // What was asked for has ended before it said what it is.
    if (id === "") return;
    shared = share(id);
    await shared.follow(begun);
    signal.throwIfAborted();
  }

  /** Reads until it is known which generation answers. From then on it is read as any other. */
  async function ask(begin: (settings: OpenSettings) => EventStream): Promise<EventStream> {
    const begun = begin({ signal, lastEventId, onStateChange: (state) => (shared?.moveTo ?? moveTo)(state) });
    asking = begun;
    while (lastEventId === "") {
      const { done, value } = await begun.next();
      if (done === true) break;
      take(value);
    }
    return begun;
  }

  function share(id: string): SharedStream {
    return createSharedStream<Answer>({
      tabs,
      key: id,
      places: tabs.places,
      interest,
      signal,
      open: (settings) => options.follow(id, settings),
      standing: () => ({ lastEventId, extra: answer }),
      take,
      fit(event, after) {
        if (after === lastEventId) return event;
        return isLater(event.lastEventId, lastEventId) ? "gap" : "had";
      },
      adopt(standing) {
        if (!isLater(standing.lastEventId, lastEventId)) return;
        ({ lastEventId, extra: answer } = standing);
        keep();
      },
      isOver: () => answer.closed,
      onConnection: moveTo,
      onTold: (state) => options.onTold(id, state),
    });
  }

  function take(event: IncomingEvent): void {
    options.onEvent(event);
    answer = nextAnswer(answer, event, options.now());
    ({ lastEventId } = event);
    keep();
  }

  function keep(): void {
    if (answer.generationId !== null && !answer.closed) cursors.keep(answer.generationId, { lastEventId, answer });
    listeners.tell();
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
    retryNow: () => (shared ?? asking)?.retryNow(),
    setInView: interest.setInView,
    close,
    [Symbol.asyncIterator]: iterate,
    async [Symbol.asyncDispose]() {
      close();
    },
  };
}
