/** A hub on a real HTTP server: `/rates,sales?user=ann&history=5` follows these channels. Used by the tests of the hub. */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { IncomingEvent } from "@typebar/sse";
import { createHub, type FollowOptions, type Hub, type HubOptions } from "../../src/index.ts";
import { openRawClient, type RawClient } from "../raw-client.ts";
import { eventually } from "../stream-server.ts";

export interface HubWorld extends AsyncDisposable {
  hub: Hub;
  port: number;
  /** The server's side of each connection, in order. */
  sockets: Socket[];
  /** Opens a client; it is closed with the world. */
  follow(path: string, options?: ClientOptions): RawClient;
  /** The same, and waits until it follows. */
  join(path: string, options?: ClientOptions): Promise<RawClient>;
  /** Lets go of every client and waits until the hub knows. */
  leave(): Promise<void>;
}

export interface ClientOptions {
  lastEventId?: string;
  paused?: boolean;
}

export interface WorldOptions extends HubOptions {
  /** Added to what the path says. */
  follower?: Partial<FollowOptions>;
}

export async function startHub({ follower, ...options }: WorldOptions): Promise<HubWorld> {
  const hub = createHub(options);
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const [user, history] = [url.searchParams.get("user"), url.searchParams.get("history")];
    const asked: FollowOptions = {
      channels: decodeURIComponent(url.pathname.slice(1)).split(",").filter(Boolean),
      ...(user !== null && { user }),
      ...(history !== null && { history: Number(history) }),
      ...follower,
    };
    hub.handle(request, response, asked).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  server.on("connection", (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const clients: RawClient[] = [];

  const world: HubWorld = {
    hub,
    port,
    sockets,
    follow(path, { lastEventId, paused = false } = {}) {
      const headerLines = lastEventId === undefined ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
      const client = openRawClient({ server: port, path, headerLines });
      clients.push(client);
      if (paused) client.socket.pause();
      return client;
    },
    async join(path, clientOptions) {
      const client = world.follow(path, clientOptions);
      await client.until(() => client.events().length > 0);
      return client;
    },
    async leave() {
      for (const { socket } of clients.splice(0)) socket.destroy();
      await eventually(() => hub.openCount === 0);
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of clients) socket.destroy();
      await hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return world;
}

/** All but `ready`. */
export function eventsOf(client: RawClient): IncomingEvent[] {
  return client.events().filter(({ event }) => event !== "ready");
}

/** What the events carry, but for `ready`: of a `reset` its reason. */
export function dataOf(client: RawClient): unknown[] {
  return eventsOf(client).map(({ event, data }) => {
    const value: unknown = JSON.parse(data);
    return event === "reset" ? (value as { reason: string }).reason : value;
  });
}

/** What `ready` said. */
export function readyOf(client: RawClient): { channels: string[]; resumed: boolean } {
  const ready = client.events().find(({ event }) => event === "ready");
  return JSON.parse(ready?.data ?? "null") as { channels: string[]; resumed: boolean };
}

/** The ID after which the client would go on. */
export function lastIdOf(client: RawClient): string {
  return client.events().at(-1)?.lastEventId ?? "";
}

export async function untilCount(client: RawClient, count: number): Promise<void> {
  await client.until(() => eventsOf(client).length >= count);
}

/** `{ data: from }` to `{ data: from + count - 1 }`. */
export function numbers(from: number, count: number): Array<{ data: number }> {
  return Array.from({ length: count }, (_, index) => ({ data: from + index }));
}

/** The status and the `code` of a refusal. */
export async function refusalOf(client: RawClient): Promise<{ status: number; code: string }> {
  await client.until(() => client.body().includes("}"));
  const status = Number(client.head().split(" ")[1]);
  return { status, code: (JSON.parse(client.body()) as { code: string }).code };
}

/** What is written to the sockets from now on; bytes that are shared are in it once. */
export function collectWritten(sockets: readonly Socket[]): Set<unknown> {
  const written = new Set<unknown>();
  for (const socket of sockets) {
    const write = socket.write.bind(socket) as (...call: unknown[]) => boolean;
    socket.write = (...call: unknown[]) => {
      written.add(call[0]);
      return write(...call);
    };
  }
  return written;
}
