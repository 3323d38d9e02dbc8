/** A plain `node:http` server around one way to broadcast: `GET /events` follows, `POST /publish` publishes. Used by the subjects that bring no server. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Broadcast {
  follow(request: IncomingMessage, response: ServerResponse): void;
  /** One message, as it came. */
  publish(body: string): Promise<void> | void;
}

/** Resolves with the port. */
export function serveBroadcast({ follow, publish }: Broadcast): Promise<number> {
  return listen(
    createServer((request, response) => {
      if (request.method !== "POST") {
        follow(request, response);
        return;
      }
      let body = "";
      request.setEncoding("utf8");
      request.on("data", (text: string) => void (body += text));
      request.on("end", () => void Promise.resolve(publish(body)).then(() => response.writeHead(204).end()));
    }),
  );
}

export async function listen(server: Server): Promise<number> {
  // A publisher that is busy with others for a while keeps its connection.
  server.keepAliveTimeout = 60_000;
  server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
