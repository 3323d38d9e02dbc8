/** One reader of one answer over a bare socket, so that reading costs as little as it can; it comes back where its stream was cut. */
import { connect, type Socket } from "node:net";
import { readStamps } from "../latency/stamped-text.ts";

export interface Follower {
  /** Age of each delta when it came, in milliseconds, with when that was, by `performance.now()`. */
  onDelta: (ageMs: number, atMs: number) => void;
  close(): void;
}

const retryMs = 100;

/** @param urls - The same answer at each: tried in turn. `lastEventId` goes along, so that nothing comes twice. */
export function openFollower(urls: readonly string[]): Follower {
  const follower: Follower = { onDelta: () => undefined, close };
  let attempts = 0;
  let lastEventId = "";
  let socket: Socket | undefined;
  let isClosed = false;

  function open(): void {
    if (isClosed) return;
    const url = new URL(urls[attempts++ % urls.length] ?? "");
    const opened = connect(Number(url.port), url.hostname);
    socket = opened;
    const resume = lastEventId === "" ? "" : `Last-Event-ID: ${lastEventId}\r\n`;
    opened.write(
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nTypebar-Resume: 1\r\n${resume}\r\n`,
    );
    let half = "";
    opened.on("data", (bytes) => {
      const text = bytes.toString("latin1");
      half = readStamps(half + text, (ageMs) => follower.onDelta(ageMs, performance.now()));
      for (const [, id] of text.matchAll(/^id: (\S+)\r?$/gm)) lastEventId = id ?? lastEventId;
    });
    opened.on("error", () => undefined);
    opened.on("close", () => void setTimeout(open, retryMs).unref());
  }

  function close(): void {
    isClosed = true;
    socket?.destroy();
  }

  open();
  return follower;
}
