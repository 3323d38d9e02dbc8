/** A web-standard `Response` as a sink, for servers that have no other: its stream asks for more when its reader has taken what there was. */
import type { Packet } from "./packet.ts";
import type { Exchange, Sink, SinkEvents } from "./sink.ts";
import { joinWebHeaders, type StreamHeaders, streamHeaders } from "./stream-headers.ts";

export interface WebExchange extends Exchange {
  /** Once it is open. */
  readonly response: Response | undefined;
}

/** So much may wait for the server around us before we stop. */
const maxWaitingBytes = 65_536;
/**
 * How long the server around us may need until it has written what it took, in milliseconds. An error that it meets before would take
 * that back, such as the time after which to come back; and before the head was sent it would become another answer.
 */
const settleMs = 100;

/** @param signal - Of the request: aborted when its client has left. */
export function createWebExchange(signal: AbortSignal): WebExchange {
  return new StreamExchange(signal);
}

class StreamExchange implements WebExchange {
  readonly #signal: AbortSignal;
  response: Response | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get isGone(): boolean {
    return this.#signal.aborted;
  }

  open(headers: StreamHeaders, first: Packet, events: SinkEvents): Sink {
    // What cannot be a header throws here, before anything is registered.
    const all = joinWebHeaders(streamHeaders, headers);
    const sink = new StreamSink(this.#signal, events);
    this.response = new Response(sink.body, { headers: all });
    sink.write(first);
    return sink;
  }
}

class StreamSink implements Sink {
  readonly body: ReadableStream<Uint8Array>;
  readonly #signal: AbortSignal;
  #events: SinkEvents | undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #writtenBytes = 0;
  readonly #openedMs = performance.now();
  #settling: NodeJS.Timeout | undefined;

  constructor(signal: AbortSignal, events: SinkEvents) {
    this.#signal = signal;
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        // Asked for while there is room. Until the first write nothing has been filled that could drain.
        pull: () => {
          if (this.#writtenBytes > 0) this.#events?.onDrain();
        },
        cancel: () => this.#close(false),
      },
      { highWaterMark: maxWaitingBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    this.#events = events;
    signal.addEventListener("abort", this.#onAbort);
  }

  write({ bytes }: Packet): void {
    this.#controller?.enqueue(bytes);
    this.#writtenBytes += bytes.byteLength;
  }

  get isFull(): boolean {
    return this.#roomBytes <= 0;
  }

  get isBehind(): boolean {
    return this.#controller !== undefined && this.#roomBytes < maxWaitingBytes;
  }

  describeLeft(): string {
    return String(this.#writtenBytes + this.#roomBytes);
  }

  end(): void {
    this.#controller?.close();
    // What still waits is the business of the server around us: it does not tell when the last byte has left.
    queueMicrotask(() => this.#close(true));
  }

  hurry(): void {}

  cutOff(): void {
    if (this.isFull) this.reset();
    else this.#settling ??= setTimeout(() => this.#error(true), settleMs);
  }

  reset(): void {
    this.#error(performance.now() - this.#openedMs >= settleMs);
  }

  #error(isSettled: boolean): void {
    const controller = this.#controller;
    this.#close(false);
    controller?.error(createCutOffError(isSettled));
  }

  get #roomBytes(): number {
    return this.#controller?.desiredSize ?? 0;
  }

  /** Nobody is left to be told by an error, which the server around us would only report. */
  readonly #onAbort = (): void => {
    const controller = this.#controller;
    this.#close(false);
    controller?.close();
  };

  #close(finished: boolean): void {
    const events = this.#events;
    this.#events = undefined;
    this.#controller = undefined;
    clearTimeout(this.#settling);
    this.#signal.removeEventListener("abort", this.#onAbort);
    events?.onClosed(finished);
  }
}

/**
 * By the name, as of what was aborted, and by the code, as of any stream of Node's that ends too early, servers know it for no fault
 * of theirs.
 *
 * @param isSettled - Its head was sent. Before, `@hono/node-server` would take the code for a client that has left, and send nothing.
 */
function createCutOffError(isSettled: boolean): Error {
  const error = new Error("The event stream was cut off; go on after its last event ID");
  return Object.assign(error, { name: "AbortError", ...(isSettled && { code: "ERR_STREAM_PREMATURE_CLOSE" }) });
}
