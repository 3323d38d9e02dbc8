/**
 * The standard's `EventSource`, for where there is none, and with method, headers and body for where they are needed.
 * Built on stream-core.ts.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
 */
import type { IncomingEvent } from "@typebar/sse";
import { drain } from "./drain.ts";
import type { ConnectionState } from "./connection-state.ts";
import { isPassing } from "./errors.ts";
import { toSettings } from "./options.ts";
import type { EventStreamOptions } from "./options.ts";
import type { StreamPolicy } from "./policy.ts";
import type { RequestOptions } from "./request.ts";
import { judgeResponse } from "./response.ts";
import { createStreamCore } from "./stream-core.ts";
import type { StreamCore } from "./stream-core.ts";

type Extensions = Pick<
  EventStreamOptions,
  "backoff" | "silenceMs" | "maxEventChars" | "lastEventId" | "fetch" | "clock"
>;

/** Beside the standard's `withCredentials`: the request, and limits of openEventStream; `silenceMs` is Infinity by default. */
export interface EventSourceOptions extends RequestOptions, Extensions {
  withCredentials?: boolean;
}

/** Fired when the connection was lost (`readyState` is CONNECTING) or cannot be had (CLOSED). */
export class EventSourceErrorEvent extends Event {
  /** Why; usually an `EventStreamError`. */
  readonly error: unknown;

  constructor(error: unknown) {
    super("error");
    this.error = error;
  }
}

type Handler<E extends Event> = ((this: EventSource, event: E) => unknown) | null;
type Listener = EventListenerOrEventListenerObject | ((event: MessageEvent<string>) => unknown);

/** As the standard has it: a loss, or the end of a response, reconnects; any answer but a 200 of the right type is final. */
const policy: StreamPolicy = {
  judge: ({ status, headers }) => (status === 200 ? judgeResponse(status, headers.get("Content-Type")) : "rejected"),
  afterLoss(error, _, delayMs) {
    if (!isPassing(error)) throw error;
    return delayMs;
  },
  suspendWhen: "frozen",
};

export class EventSource extends EventTarget {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 2;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSED = 2;
  readonly url: string;
  readonly withCredentials: boolean;
  readonly #core: StreamCore;
  readonly #handlers = new Map<string, { handler: unknown; listener: (event: Event) => void }>();
  #readyState: 0 | 1 | 2 = 0;
  // Where the present response came from, after redirects.
  #origin = "";

  /** @throws {DOMException} "SyntaxError": no URL. */
  constructor(url: string | URL, { withCredentials = false, ...options }: EventSourceOptions = {}) {
    super();
    this.url = toAbsoluteUrl(url);
    this.withCredentials = withCredentials;
    const credentials = withCredentials ? "include" : "same-origin";
    const settings = toSettings(this.url, {
      silenceMs: Infinity,
      ...options,
      request: { credentials, ...options.request },
      suppressDuplicates: false,
      onOpen: (response) => {
        this.#origin = new URL(response.url || this.url).origin;
        this.dispatchEvent(new Event("open"));
      },
      onStateChange: (state) => this.#onStateChange(state),
    });
    this.#core = createStreamCore(settings, policy);
    void this.#run();
  }

  get readyState(): 0 | 1 | 2 {
    return this.#readyState;
  }

  get onopen(): Handler<Event> {
    return this.#getHandler("open");
  }
  set onopen(handler: Handler<Event>) {
    this.#setHandler("open", handler);
  }

  get onmessage(): Handler<MessageEvent<string>> {
    return this.#getHandler("message");
  }
  set onmessage(handler: Handler<MessageEvent<string>>) {
    this.#setHandler("message", handler);
  }

  get onerror(): Handler<Event> {
    return this.#getHandler("error");
  }
  set onerror(handler: Handler<Event>) {
    this.#setHandler("error", handler);
  }

  override addEventListener(
    type: string,
    listener: Listener | null,
    options?: AddEventListenerOptions | boolean,
  ): void {
    super.addEventListener(type, listener as EventListener | null, options);
  }

  override removeEventListener(
    type: string,
    listener: Listener | null,
    options?: EventListenerOptions | boolean,
  ): void {
    super.removeEventListener(type, listener as EventListener | null, options);
  }

  /** Lets go of the connection; no event is fired any more. */
  close(): void {
    this.#readyState = 2;
    this.#core.close();
  }

  async #run(): Promise<void> {
    try {
      await drain(this.#core, (event) => this.#dispatch(event));
    } catch {
      // Told by the `error` event that came with the state.
    }
  }

  /** The promise lets what one event set off go on before the next, as events from the network would. */
  async #dispatch({ event, data, lastEventId }: IncomingEvent): Promise<void> {
    this.dispatchEvent(new MessageEvent(event, { data, lastEventId, origin: this.#origin }));
  }

  #onStateChange(state: ConnectionState): void {
    if (this.#readyState === 2) return;
    if (state.name === "open") this.#readyState = 1;
    else if (state.name === "waiting") this.#fail(0, state.error);
    else if (state.name === "closed") this.#fail(2, state.error);
  }

  #fail(readyState: 0 | 2, error: unknown): void {
    this.#readyState = readyState;
    this.dispatchEvent(new EventSourceErrorEvent(error));
  }

  #getHandler<E extends Event>(type: string): Handler<E> {
    return (this.#handlers.get(type)?.handler ?? null) as Handler<E>;
  }

  /** A handler keeps its place among the listeners when it is replaced, and loses it when it is taken away. */
  #setHandler(type: string, handler: unknown): void {
    const known = this.#handlers.get(type);
    if (typeof handler !== "function") {
      this.#handlers.delete(type);
      if (known) this.removeEventListener(type, known.listener);
    } else if (known) {
      known.handler = handler;
    } else {
      const entry = {
        handler: handler as unknown,
        listener: (event: Event) => void Reflect.apply(entry.handler as () => unknown, this, [event]),
      };
      this.#handlers.set(type, entry);
      this.addEventListener(type, entry.listener);
    }
  }
}

function toAbsoluteUrl(url: string | URL): string {
  const { document, location } = globalThis as Partial<typeof globalThis>;
  try {
    return new URL(url, document?.baseURI ?? location?.href).href;
  } catch {
    throw new DOMException(`Not a URL here: ${String(url)}`, "SyntaxError");
  }
}
