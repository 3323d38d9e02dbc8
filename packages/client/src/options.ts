/** What a caller of openEventStream may set, and what is taken where nothing was said. */
import type { BackoffOptions } from "./backoff.ts";
import type { ConnectionState } from "./connection-state.ts";
import { EventStreamError } from "./errors.ts";
import { checkBody } from "./request.ts";
import type { RequestOptions } from "./request.ts";
import { systemClock } from "./watchdog.ts";
import type { Clock } from "./watchdog.ts";

export interface EventStreamOptions extends RequestOptions {
  /** Aborting it closes the stream; iteration then throws the signal's reason. */
  signal?: AbortSignal;
  /** Goes on after this event, remembered from an earlier stream. @defaultValue "": from wherever the server begins */
  lastEventId?: string;
  /**
   * Longest time without a byte, in milliseconds, from the request on; then the connection is given up and opened
   * anew. Time in which the consumer asks for nothing does not count. `Infinity` waits for ever.
   *
   * @defaultValue 30000, twice Typebar's heartbeat
   */
  silenceMs?: number;
  /** Most characters of one event's data; a longer one ends the stream. @defaultValue 8388608 */
  maxEventChars?: number;
  /**
   * How long a connection must have been open for the backoff to begin again, in milliseconds. With 0 a server that
   * accepts and drops is asked at its first delay for ever.
   *
   * @defaultValue 5000
   */
  healthyMs?: number;
  /** Delays between attempts. */
  backoff?: BackoffOptions;
  /**
   * Whether events that a server repeats at the start of a later response, with IDs that were handed out before, are
   * left out. The last 10,000 IDs are remembered.
   *
   * @defaultValue true
   */
  suppressDuplicates?: boolean;
  /** Called for each response that is an event stream; its headers can be read, its body not. What it throws ends the stream. */
  onOpen?: (response: Response) => void;
  /** Called after each change of `state`, also the last one. What it throws is reported, and changes nothing. */
  onStateChange?: (state: ConnectionState) => void;
  /** @defaultValue globalThis.fetch */
  fetch?: typeof fetch;
  /** @defaultValue the system's time and timers */
  clock?: Clock;
}

/** Options with everything said. */
export interface Settings {
  url: string | URL;
  request: RequestOptions;
  signal: AbortSignal | undefined;
  lastEventId: string;
  silenceMs: number;
  maxEventChars: number;
  healthyMs: number;
  backoff: BackoffOptions;
  suppressDuplicates: boolean;
  onOpen: ((response: Response) => void) | undefined;
  onStateChange: ((state: ConnectionState) => void) | undefined;
  fetch: typeof fetch;
  clock: Clock;
}

/**
 * @throws {EventStreamError} "invalid-request".
 * @throws {TypeError} If a limit is not a positive number.
 */
export function toSettings(url: string | URL, options: EventStreamOptions): Settings {
  const {
    signal,
    lastEventId = "",
    silenceMs = 30_000,
    maxEventChars = 8_388_608,
    healthyMs = 5000,
    backoff = {},
    suppressDuplicates = true,
    onOpen,
    onStateChange,
    fetch = globalThis.fetch,
    clock = systemClock,
  } = options;
  if (!(silenceMs > 0 && maxEventChars > 0)) throw new TypeError("Not a positive limit");
  checkBody(options.body);
  checkUrl(url, options);
  return {
    url,
    request: options,
    signal,
    lastEventId,
    silenceMs,
    maxEventChars,
    healthyMs,
    backoff,
    suppressDuplicates,
    onOpen,
    onStateChange,
    fetch,
    clock,
  };
}

/** A URL that never works would be retried for ever. What a given `fetch` can do with a URL is its own matter. */
function checkUrl(url: string | URL, options: EventStreamOptions): void {
  const { location } = globalThis as { location?: Location };
  if (options.fetch === undefined && !URL.canParse(String(url), location?.href)) {
    throw new EventStreamError("invalid-request", `Not a URL here: ${String(url)}`);
  }
}
