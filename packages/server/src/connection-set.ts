/** The open connections of one server, with what they share: timers, timings, an observer. Used by event-streams and by the hub. */
import {
  type Connection,
  type ConnectionOptions,
  type ConnectionShared,
  openConnection,
  type Refusal,
} from "./connection.ts";
import type { StreamObserver } from "./observer.ts";
import { type ConnectionTimings, defaultTimings } from "./timings.ts";
import { createTimerWheel, type TimerWheel } from "./timer-wheel.ts";

export interface ConnectionSetOptions {
  timings?: Partial<ConnectionTimings>;
  observer?: StreamObserver;
  /** @defaultValue Math.random */
  random?: () => number;
}

export interface ConnectionSet {
  readonly openCount: number;
  readonly wheel: TimerWheel;
  /**
   * Opens one. A refusal has written nothing: the caller answers.
   *
   * @throws as `openConnection` does.
   */
  open<P>(options: Omit<ConnectionOptions<P>, "shared">): Promise<Connection | Refusal>;
  /** Ends every open connection as cut off, so that its client comes back; here too, where later ones are served as ever. */
  cut(): void;
  /** The same for good: later ones are ended as soon as they are open. Settles when all are gone. */
  close(): Promise<void>;
}

export function createConnectionSet({
  timings,
  observer = {},
  random = Math.random,
}: ConnectionSetOptions): ConnectionSet {
  const all: ConnectionTimings = { ...defaultTimings, ...timings };
  const wheel = createTimerWheel(toTurnMs(all));
  const connections = new Set<Connection>();
  let isClosing = false;
  const owner = {
    onOpened: (connection: Connection) => void connections.add(connection),
    onClosed: (connection: Connection) => void connections.delete(connection),
  };
  const shared: ConnectionShared = {
    timings: all,
    wheel,
    observer,
    random,
    owner,
    get openCount() {
      return connections.size;
    },
  };

  function cut(): void {
    for (const connection of connections) connection.close("shutdown");
  }

  return {
    get openCount() {
      return connections.size;
    },
    wheel,
    async open(options) {
      const opened = await openConnection({ ...options, shared });
      if ("closed" in opened && isClosing) opened.close("shutdown");
      return opened;
    },
    cut,
    async close() {
      isClosing = true;
      cut();
      await Promise.all([...connections].map((connection) => connection.closed));
    },
  };
}

/** A tenth of a second, unless that is coarse for what is timed. */
function toTurnMs({ heartbeatMs, progressTimeoutMs, rotateMs }: ConnectionTimings): number {
  return Math.max(1, Math.min(100, Math.floor(Math.min(heartbeatMs, progressTimeoutMs / 8, rotateMs) / 4)));
}
