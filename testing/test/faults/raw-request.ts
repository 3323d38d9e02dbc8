/** One HTTP request on a socket of its own, read byte by byte until it ends in whatever way. No client library in between. */
import { type IncomingHttpHeaders, request as sendRequest } from "node:http";

export interface RawRequest {
  method?: "GET" | "POST";
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Given up after so long without a byte, in milliseconds. @defaultValue 10000 */
  silenceMs?: number;
}

export interface RawResponse {
  /** `undefined`: the connection was cut before the head was whole. */
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** It ended as HTTP says that a whole response ends. */
  complete: boolean;
  /** Everything that came over the socket, the head and the framing of chunks included. */
  wireBytes: number;
}

/** Never rejects: a connection that was cut is a response that is not complete. */
export function requestRaw({
  method = "GET",
  url,
  headers,
  body,
  silenceMs = 10_000,
}: RawRequest): Promise<RawResponse> {
  const { promise, resolve } = Promise.withResolvers<RawResponse>();
  const pieces: Buffer[] = [];
  const request = sendRequest(url, {
    method,
    agent: false,
    timeout: silenceMs,
    headers: {
      Accept: "text/event-stream",
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...headers,
    },
  });
  request.on("timeout", () => request.destroy());
  request.on("error", () =>
    resolve({ status: undefined, headers: {}, body: Buffer.alloc(0), complete: false, wireBytes: 0 }),
  );
  request.on("response", (response) => {
    const { socket } = response;
    const settle = (): void =>
      resolve({
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(pieces),
        complete: response.complete,
        wireBytes: socket.bytesRead,
      });
    response.on("data", (piece: Buffer) => pieces.push(piece));
    response.on("error", settle);
    response.on("close", settle);
  });
  request.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}
