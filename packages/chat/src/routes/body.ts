/** The JSON body of a request, with every limit checked. Called by each route that takes one. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { ProblemError } from "./problem.ts";

export const maxBodyBytes = 1_000_000;

/**
 * @param maxBytes - More are refused. @defaultValue {@link maxBodyBytes}
 * @throws {ProblemError} "unsupported-media-type", "body-too-large", "body-not-json".
 */
export async function readJson(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  maxBytes: number = maxBodyBytes,
): Promise<unknown> {
  const type = incoming.headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new ProblemError("unsupported-media-type");
  const bytes = await readBytes(incoming, outgoing, maxBytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new ProblemError("body-not-json");
  }
}

/** @throws {ProblemError} "body-too-large", "bad-request". */
export async function readBytes(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  maxBytes: number,
): Promise<Uint8Array> {
  const tooLarge = (): ProblemError => {
    // What else the client sends is not read: the connection cannot be used again.
    outgoing.setHeader("Connection", "close");
    return new ProblemError("body-too-large", { detail: `A body may have at most ${maxBytes} bytes.` });
  };
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const onData = (chunk: Uint8Array): void => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        incoming.off("data", onData);
        incoming.pause();
        reject(tooLarge());
      } else {
        chunks.push(chunk);
      }
    };
    incoming.on("data", onData);
    incoming.on("end", () => resolve(Buffer.concat(chunks)));
    // A client that leaves in mid-body, or breaks its framing: nobody reads the answer, and nothing of ours failed.
    for (const event of ["error", "close"]) {
      incoming.on(event, () => reject(new ProblemError("bad-request", { detail: "The body ended early." })));
    }
  });
}
