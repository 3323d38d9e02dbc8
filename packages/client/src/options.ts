/** What a caller may set, and what is taken where nothing was said. */
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
   * Most attempts in a row without a healthy spell (`healthyMs`) between them, the first included. When the last of
   * them is lost, the stream ends with the error `"attempts-exhausted"`. 1 never asks again.
   *
   * @defaultValue Infinity
   */
  maxAttempts?: number;
  /**
   * Longest time from the opening to the end of the stream, in milliseconds, pauses and the consumer's own time
   * included. Then the connection is let go of, what has come already is handed out, and the stream ends with the
   * error `"timed-out"`.
   *
   * @defaultValue Infinity
   */
  totalMs?: number;
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

type Defaulted =
  | "lastEventId"
  | "silenceMs"
  | "maxEventChars"
  | "healthyMs"
  | "maxAttempts"
  | "totalMs"
  | "suppressDuplicates"
  | "clock";

/** What is taken where nothing was said. */
const defaults: Required<Pick<EventStreamOptions, Defaulted>> = {
  lastEventId: "",
  silenceMs: 30_000,
  maxEventChars: 8_388_608,
  healthyMs: 5000,
  maxAttempts: Infinity,
  totalMs: Infinity,
  suppressDuplicates: true,
  clock: systemClock,
};

/** Options with everything said. */
export interface Settings
  extends
    Required<Pick<EventStreamOptions, Defaulted | "fetch">>,
    Pick<EventStreamOptions, "signal" | "backoff" | "onOpen" | "onStateChange"> {
  url: string | URL;
  request: RequestOptions;
}

/**
 * @throws {EventStreamError} "invalid-request".
 * @throws {TypeError} If a limit is not a positive number.
 */
export function toSettings(url: string | URL, options: EventStreamOptions): Settings {
  checkBody(options.body);
  checkUrl(url, options);
  // JavaScript may say `undefined` where it means nothing.
  const said = Object.entries(options).filter(([, value]) => value !== undefined);
  const { fetch } = globalThis;
  const settings: Settings = { fetch, ...defaults, ...Object.fromEntries(said), url, request: options };
  const { silenceMs, maxEventChars, maxAttempts, totalMs } = settings;
  if (![silenceMs, maxEventChars, maxAttempts, totalMs].every((limit) => limit > 0)) {
    throw new TypeError("Not a positive limit");
  }
  return settings;
}

/** A URL that never works would be retried for ever. What a given `fetch` can do with a URL is its own matter. */
function checkUrl(url: string | URL, options: EventStreamOptions): void {
  const { location } = globalThis as { location?: Location };
  if (options.fetch === undefined && !URL.canParse(String(url), location?.href)) {
    throw new EventStreamError("invalid-request");
  }
}
