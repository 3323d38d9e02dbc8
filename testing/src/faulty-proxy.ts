/** A TCP proxy that breaks connections on purpose, the same way for the same seed. Stands between a client and a server in tests. */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { createRandom, type Random, randomInteger } from "./random.ts";

/**
 * - `fin`: a clean end in the middle. `rst`: a reset.
 * - `half-close`: the client sees an end, the server sees nothing.
 * - `stall`: nothing more comes, and everything stays open.
 */
export const cuts = ["fin", "rst", "half-close", "stall"] as const;
export type Cut = (typeof cuts)[number];

/** What happens to one connection. Bytes are those the server sends. */
export interface ConnectionPlan {
  /** Exactly so many bytes pass before the cut. @defaultValue never */
  cutAfterBytes?: number;
  /** @defaultValue "rst" */
  cut?: Cut;
  /** Pause before each piece. @defaultValue 0 */
  delayMs?: number;
  /** Each piece is 1 to so many bytes, whatever the server wrote. @defaultValue as the server wrote them */
  splitBytes?: number;
}

export interface FaultyProxyOptions {
  target: { port: number; host?: string };
  seed: number;
  /** Asked once for each connection, counted from 1. @defaultValue no fault */
  plan?: (connection: number, random: Random) => ConnectionPlan;
  /** @defaultValue 0: any free port */
  port?: number;
}

export interface FaultyProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Connections that reached the target so far, and how many of all were cut or refused. */
  readonly counts: { connections: number; cuts: number; refused: number };
  /** From the next connection on, cuts each after so many bytes, whatever the plan says; `undefined` hands back to the plan. */
  cutAfter(bytes: number | undefined, cut?: Cut): void;
  /** Cuts every open connection now. @defaultValue "rst" */
  cutAll(cut?: "fin" | "rst"): void;
  /** Resets new connections at once, until {@link accept}. */
  refuse(): void;
  accept(): void;
  close(): Promise<void>;
}

interface Pair {
  client: Socket;
  upstream: Socket;
}

export async function openFaultyProxy(options: FaultyProxyOptions): Promise<FaultyProxy> {
  const random = createRandom(options.seed);
  const counts = { connections: 0, cuts: 0, refused: 0 };
  const pairs = new Set<Pair>();
  let refuses = false;
  let override: ConnectionPlan | undefined;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => undefined);
    if (refuses) {
      counts.refused += 1;
      client.resetAndDestroy();
      return;
    }
    counts.connections += 1;
    const plan = override ?? options.plan?.(counts.connections, random) ?? {};
    const { host = "127.0.0.1", port } = options.target;
    const upstream = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const pair = { client, upstream };
    pairs.add(pair);
    // A server that resets an unfinished stream must not look like one that ended it.
    upstream.on("error", () => client.resetAndDestroy());
    client.on("close", () => {
      pairs.delete(pair);
      upstream.destroy();
    });
    client.pipe(upstream);
    const pieceRandom = createRandom(randomInteger(random, 0, 0x7fffffff));
    forward(pair, plan, pieceRandom).then(
      (cut) => {
        if (cut) counts.cuts += 1;
      },
      () => client.resetAndDestroy(),
    );
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no TCP port");
  const { port } = address;

  const cutAll = (cut: "fin" | "rst" = "rst"): void => {
    for (const { client, upstream } of pairs) {
      counts.cuts += 1;
      upstream.destroy();
      if (cut === "rst") client.resetAndDestroy();
      else client.destroySoon();
    }
  };
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const { client } of pairs) client.destroy();
    await closed;
  };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    counts,
    cutAfter: (bytes, cut = "rst") => {
      override = bytes === undefined ? undefined : { cutAfterBytes: bytes, cut };
    },
    cutAll,
    refuse: () => {
      refuses = true;
    },
    accept: () => {
      refuses = false;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Server -> client, as planned. Says whether it cut. */
async function forward({ client, upstream }: Pair, plan: ConnectionPlan, random: Random): Promise<boolean> {
  let left = plan.cutAfterBytes ?? Number.POSITIVE_INFINITY;
  if (left === 0) return cutConnection({ client, upstream }, plan.cut ?? "rst");
  for await (const bytes of readBytes(upstream)) {
    for (const piece of toPieces(bytes.subarray(0, left), plan.splitBytes, random)) {
      if (plan.delayMs !== undefined) await sleep(plan.delayMs);
      else if (plan.splitBytes !== undefined) await nextTurn();
      if (client.destroyed) return false;
      if (!client.write(piece)) await once(client, "drain");
    }
    left -= bytes.length;
    if (left <= 0) return cutConnection({ client, upstream }, plan.cut ?? "rst");
  }
  client.end();
  return false;
}

async function cutConnection({ client, upstream }: Pair, cut: Cut): Promise<true> {
  if (cut === "stall") {
    upstream.resume();
    return true;
  }
  if (cut === "half-close") {
    upstream.resume();
    client.end();
    return true;
  }
  if (cut === "fin") {
    client.end();
    await once(client, "finish");
    upstream.destroy();
    return true;
  }
  // A reset discards what the peer has not read yet: give what was written time to be read.
  await sleep(5);
  client.resetAndDestroy();
  return true;
}

/** Yields without closing the socket when the loop is left: a stalled one must stay open. */
function readBytes(socket: Socket): AsyncIterable<Buffer> {
  return socket.iterator({ destroyOnReturn: false });
}

function* toPieces(bytes: Buffer, splitBytes: number | undefined, random: Random): Generator<Buffer> {
  let at = 0;
  while (at < bytes.length) {
    const size = splitBytes === undefined ? bytes.length : randomInteger(random, 1, splitBytes);
    yield bytes.subarray(at, at + size);
    at += size;
  }
}
