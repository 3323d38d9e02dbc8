/** One visit on a bare socket, from the request to a leave of the wanted kind. Used by visitors. */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export const leaves = [
  /** Ends its side, and reads until the server has ended its own. */
  "ends",
  "resets",
  /** Gone before there can be an answer. */
  "resets-at-once",
  /** Sends half a request, and leaves. */
  "half-a-request",
  /** Reads a little now and then. */
  "reads-slowly",
  /** Reads nothing more, and waits for the server to end it. */
  "stalls",
] as const;
export type Leave = (typeof leaves)[number];

export interface Visit {
  port: number;
  /** Method, path, and headers beside `Host`. */
  request: { method: string; path: string; headers: readonly string[]; body?: string };
  leave: Leave;
  stayMs: number;
}

/** How long a visitor waits for the server to end it, at most. */
const patienceMs = 8000;

/** @returns the last event ID that was read. */
export async function visit({ port, request, leave, stayMs }: Visit): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const closed = new Promise<void>((resolve) => void socket.on("close", () => resolve()));
  let lastEventId = "";
  socket.on("error", () => undefined);
  socket.on("end", () => socket.end());
  socket.setEncoding("latin1").on("data", (text: string) => {
    lastEventId = [...text.matchAll(/^id: (.+)$/gm)].at(-1)?.[1] ?? lastEventId;
  });
  const { method, path, headers, body = "" } = request;
  const length = body === "" ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${path} HTTP/1.1`, "Host: 127.0.0.1", ...length, ...headers, "", body].join("\r\n");
  socket.write(leave === "half-a-request" ? head.slice(0, head.length / 2) : head);
  const isOver = await Promise.race([closed.then(() => true), stay(socket, leave, stayMs).then(() => false)]);
  if (!isOver) {
    if (leave === "ends" || leave === "reads-slowly") socket.end();
    else if (leave !== "stalls") socket.resetAndDestroy();
    await Promise.race([closed, sleep(patienceMs)]);
    socket.destroy();
  }
  await closed;
  return lastEventId;
}

async function stay(socket: Socket, leave: Leave, stayMs: number): Promise<void> {
  if (leave === "resets-at-once") return;
  if (leave === "stalls") socket.pause();
  if (leave !== "reads-slowly") {
    await sleep(stayMs);
    return;
  }
  for (let stayedMs = 0; stayedMs < stayMs && !socket.destroyed; stayedMs += 100) {
    socket.pause();
    await sleep(90);
    socket.resume();
    await sleep(10);
  }
}
