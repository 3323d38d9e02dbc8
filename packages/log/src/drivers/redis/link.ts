/** Keeps a connection to Redis open: opens another where one has ended. Used by store.ts and wake-ups.ts. */
import { LogError } from "../../record-log.ts";
import type { Connection } from "./connection.ts";

export interface Link {
  /**
   * The open connection, or the next one.
   *
   * @param deadlineMs by `performance.now()`.
   * @throws {LogError} "unavailable": there was none until the deadline.
   */
  get(deadlineMs: number): Promise<Connection>;
  close(): void;
}

export interface LinkOptions {
  connect(): Promise<Connection>;
  /** Called with each connection that was opened. */
  onOpen?: (connection: Connection) => void;
  random?: () => number;
}

const firstRetryMs = 20;
const maxRetryMs = 1000;

export function openLink({ connect, onOpen, random = Math.random }: LinkOptions): Link {
  let current: Connection | undefined;
  let closed = false;
  let lastError: unknown;
  let wakePause: (() => void) | undefined;
  const waiting = new Set<(connection: Connection | undefined) => void>();

  async function keepOpen(): Promise<void> {
    let failures = 0;
    while (!closed) {
      try {
        current = await connect();
        failures = 0;
        if (closed) break;
        onOpen?.(current);
        for (const resolve of waiting) resolve(current);
        await current.ended;
      } catch (error) {
        lastError = error;
      }
      current = undefined;
      await pause(Math.min(maxRetryMs, firstRetryMs * 2 ** failures++) * (0.5 + random() / 2));
    }
    current?.close();
  }

  function pause(ms: number): Promise<void> {
    if (closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wakePause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  void keepOpen();
  return {
    async get(deadlineMs) {
      const connection = current ?? (await nextConnection(deadlineMs));
      if (connection) return connection;
      throw new LogError("unavailable", "Redis cannot be reached", { cause: lastError });
    },
    close() {
      closed = true;
      wakePause?.();
      current?.close();
      for (const resolve of waiting) resolve(undefined);
    },
  };

  function nextConnection(deadlineMs: number): Promise<Connection | undefined> {
    const { promise, resolve } = Promise.withResolvers<Connection | undefined>();
    if (closed) return Promise.resolve(undefined);
    waiting.add(resolve);
    const timer = setTimeout(() => resolve(undefined), Math.max(0, deadlineMs - performance.now()));
    return promise.finally(() => {
      clearTimeout(timer);
      waiting.delete(resolve);
    });
  }
}
