/** One connection to Redis, until it breaks. Opened by link.ts; the only file that knows the client library. */
import { createClient, ErrorReply } from "@redis/client";
import { LogError } from "../../record-log.ts";

export type OnMessage = (message: string, channel: string) => void;

/** The slice of the library that is used. Its own reconnecting and waiting are off: it would keep commands and send them later. */
interface Client {
  connect(): Promise<unknown>;
  sendCommand(args: readonly string[]): Promise<unknown>;
  subscribe(channels: string[], listener: OnMessage): Promise<void>;
  unsubscribe(channel: string, listener: OnMessage): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
  destroy(): void;
  readonly isOpen: boolean;
}

export interface Connection {
  /** Replication ID of the Redis at the other end: each restart and each failover begins another. */
  readonly history: string;
  /**
   * @throws {Error} Redis refused, if {@link isRefusal}; else the answer is lost, and so is the connection.
   */
  send(args: readonly string[]): Promise<unknown>;
  /** Settles once Redis has begun to tell. Rejects as `send` does. */
  subscribe(channels: string[], listener: OnMessage): Promise<void>;
  unsubscribe(channel: string, listener: OnMessage): void;
  /** Breaks it: what is under way rejects. */
  close(): void;
  readonly ended: Promise<void>;
}

/** Redis has answered, with an error: nothing was done. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof ErrorReply;
}

export interface ConnectOptions {
  /** `redis:`, `rediss:` (TLS) or `unix:`; with user, password and database if need be. */
  url: string;
  /** How long an answer may take. A connection on which one takes longer is given up: what it says later is of no use. */
  timeoutMs: number;
  /** How often it is asked whether it is still there, and who it is. */
  heartbeatMs: number;
}

/** @throws {RangeError} it is no URL of a Redis. It is not told: it may hold a password. */
export function checkUrl(url: string): void {
  if (!/^(?:rediss?:\/\/[^/]|unix:\/\/)/.test(url) || !URL.canParse(url.replace(/^unix:/, "file:"))) {
    throw new RangeError("The URL of Redis is not of the form redis://user:password@host:port/database");
  }
}

/**
 * @throws {LogError} "unsupported": it is a Redis Cluster of more than one shard, and holds only some of the logs.
 * @throws {Error} it could not be opened in `timeoutMs`.
 */
export async function connect({ url, timeoutMs, heartbeatMs }: ConnectOptions): Promise<Connection> {
  const client: Client = createClient({
    url,
    RESP: 3,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    socket: { reconnectStrategy: false, connectTimeout: timeoutMs },
  });
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let heartbeat: NodeJS.Timeout | undefined;
  let history = "";

  function close(): void {
    clearInterval(heartbeat);
    if (client.isOpen) client.destroy();
    end();
  }

  async function inTime<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`Redis did not answer in ${timeoutMs} ms`));
        close();
      }, timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  const send = (args: readonly string[]): Promise<unknown> => inTime(client.sendCommand(args));
  const learnHistory = async (): Promise<void> => {
    history = parseHistory(String(await send(["INFO", "replication"])));
  };
  const refuseShards = async (): Promise<void> => {
    if (!/^cluster_enabled:1/m.test(String(await send(["INFO", "cluster"])))) return;
    const shards = Number(/^cluster_size:(\d+)/m.exec(String(await send(["CLUSTER", "INFO"])))?.[1]);
    if (shards > 1) throw new LogError("unsupported", `Redis is a Cluster of ${shards} shards`);
  };

  client.on("error", close);
  try {
    await inTime(client.connect());
    await learnHistory();
    await refuseShards();
  } catch (error) {
    close();
    throw error;
  }
  heartbeat = setInterval(() => void learnHistory().catch(close), heartbeatMs);
  return {
    get history() {
      return history;
    },
    send,
    subscribe: (channels, listener) => inTime(client.subscribe(channels, listener)),
    unsubscribe: (channel, listener) => void inTime(client.unsubscribe(channel, listener)).catch(close),
    close,
    ended,
  };
}

function parseHistory(info: string): string {
  const history = /^master_replid:(\w+)/m.exec(info)?.[1];
  if (history === undefined) throw new Error("Redis did not tell its replication ID");
  return history;
}
