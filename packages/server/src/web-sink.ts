/** A web-standard `Response` as a sink, for servers that have no other: its stream asks for more when its reader has taken what there was. */
import type { Packet } from "./packet.ts";
import { type Sink, type SinkEvents, streamHeaders } from "./sink.ts";

export interface WebSink extends Sink {
  /** Once it is open. */
  readonly response: Response | undefined;
}

/** So much may wait for the server around us before we stop. */
const maxWaitingBytes = 65_536;

/** @param signal - Of the request: aborted when its client has left. */
export function createWebSink(signal: AbortSignal): WebSink {
  return new ResponseSink(signal);
}

class ResponseSink implements WebSink {
  readonly #signal: AbortSignal;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #events: SinkEvents | undefined;
  #response: Response | undefined;
  #writtenBytes = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get response(): Response | undefined {
    return this.#response;
  }

  get isGone(): boolean {
    return this.#signal.aborted;
  }

  open(headers: Readonly<Record<string, string>>, first: Packet, events: SinkEvents): boolean {
    // What a caller sent in vain throws here, before anything is registered.
    const all = new Headers(streamHeaders);
    for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#events?.onDrain(),
        cancel: () => this.#close(false),
      },
      { highWaterMark: maxWaitingBytes, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    this.#response = new Response(body, { headers: all });
    this.#events = events;
    this.#signal.addEventListener("abort", this.#onAbort);
    return this.write(first);
  }

  write({ bytes }: Packet): boolean {
    this.#controller?.enqueue(bytes);
    this.#writtenBytes += bytes.byteLength;
    return this.#roomBytes > 0;
  }

  get isBehind(): boolean {
    return this.#controller !== undefined && this.#roomBytes < maxWaitingBytes;
  }

  describeLeft(): string {
    return String(this.#writtenBytes + this.#roomBytes);
  }

  end(): void {
    this.#controller?.close();
    // What still waits is the server's around us; it tells of its client's leaving, not of the last byte's.
    queueMicrotask(() => this.#close(true));
  }

  hurry(): void {}

  cutOff(): void {
    this.reset();
  }

  reset(): void {
    this.#controller?.error(
      new DOMException("The event stream was cut off; go on after its last event ID", "AbortError"),
    );
    this.#close(false);
  }

  get #roomBytes(): number {
    return this.#controller?.desiredSize ?? 0;
  }

  readonly #onAbort = (): void => this.reset();

  #close(finished: boolean): void {
    const events = this.#events;
    this.#events = undefined;
    this.#controller = undefined;
    this.#signal.removeEventListener("abort", this.#onAbort);
    events?.onClosed(finished);
  }
}
