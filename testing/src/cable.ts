/**
 * The way between two programs over TCP, as a network breaks it: cut, closed, or without a word in one direction or both. What is sent
 * while it stalls arrives later, in its order, as over a line that heals. Stands between a node and its stores in the chaos runs.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type Direction = "both" | "to-server" | "to-client";

export interface CableOptions {
  /** On 127.0.0.1. */
  targetPort: number;
  /** Called for each connection; what it returns is given all that the client sends, as it comes. */
  listen?: () => (bytes: Buffer) => void;
}

export interface Cable extends AsyncDisposable {
  readonly port: number;
  /** Resets all that is open. */
  cut(): void;
  /** Resets all that is open, and whatever is opened until {@link heal}. */
  refuse(): void;
  /** Nothing passes in that direction until {@link heal}; new connections open, and hang. */
  stall(direction: Direction): void;
  heal(): void;
}

interface Pair {
  client: Socket;
  server: Socket;
}

export async function openCable({ targetPort, listen }: CableOptions): Promise<Cable> {
  const pairs = new Set<Pair>();
  let refuses = false;
  let stalled: Direction | undefined;

  const passes = (direction: Direction): boolean => stalled !== "both" && stalled !== direction;

  function pump(from: Socket, to: Socket, direction: Direction, hear: (bytes: Buffer) => void): void {
    from.on("data", (bytes: Buffer) => {
      hear(bytes);
      if (!to.write(bytes)) from.pause();
    });
    to.on("drain", () => void (passes(direction) && from.resume()));
    from.on("end", () => to.end());
    if (!passes(direction)) from.pause();
  }

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => undefined);
    if (refuses) {
      reset(client);
      return;
    }
    const server = connect({ host: "127.0.0.1", port: targetPort, allowHalfOpen: true, noDelay: true });
    const pair = { client, server };
    pairs.add(pair);
    // Whoever is reset must not look as if it had ended in order.
    server.on("error", () => reset(client));
    server.on("close", () => client.destroySoon());
    client.on("close", () => {
      pairs.delete(pair);
      server.destroySoon();
    });
    pump(client, server, "to-server", listen?.() ?? (() => undefined));
    pump(server, client, "to-client", () => undefined);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("The cable has no TCP port");

  const cut = (): void => {
    for (const { client, server } of pairs) {
      server.destroy();
      reset(client);
    }
  };
  return {
    port: address.port,
    cut,
    refuse() {
      refuses = true;
      cut();
    },
    stall(direction) {
      stalled = direction;
      for (const { client, server } of pairs) {
        if (!passes("to-server")) client.pause();
        if (!passes("to-client")) server.pause();
      }
    },
    heal() {
      refuses = false;
      stalled = undefined;
      for (const { client, server } of pairs) {
        client.resume();
        server.resume();
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = once(listener, "close");
      listener.close();
      cut();
      await closed;
    },
  };
}

/** Where something waits to go out, Node would first wait for that, for ever if need be. */
function reset(socket: Socket): void {
  if (socket.writableLength === 0) socket.resetAndDestroy();
  else socket.destroy();
}
