/** What the kernel says of connections that wait to be accepted. Called by herd.ts. */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";

export interface QueueReport {
  /** The most that were seen waiting at once. */
  longest: number;
  /** How often the queue was full, and connections turned away for that or another reason, in the whole network namespace. */
  overflows: number;
  drops: number;
}

const lookMs = 10;
/** Listening sockets come first: the lines of ten thousand others need not be read. */
const headBytes = 16_384;
const listening = "0A";

export function watchQueue(port: number): { stop(): QueueReport } {
  const before = readCounters();
  let longest = 0;
  const timer = setInterval(() => (longest = Math.max(longest, readWaiting(port))), lookMs);
  return {
    stop() {
      clearInterval(timer);
      const after = readCounters();
      return { longest, overflows: after.overflows - before.overflows, drops: after.drops - before.drops };
    },
  };
}

function readWaiting(port: number): number {
  const bytes = Buffer.alloc(headBytes);
  const file = openSync("/proc/net/tcp", "r");
  const count = readSync(file, bytes);
  closeSync(file);
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  for (const line of bytes.toString("latin1", 0, count).split("\n")) {
    const [, local = "", , state, queues = ""] = line.trim().split(/\s+/);
    if (state === listening && local.endsWith(`:${hexPort}`)) return Number.parseInt(queues.split(":")[1] ?? "0", 16);
  }
  return 0;
}

function readCounters(): { overflows: number; drops: number } {
  const [names = [], values = []] = readFileSync("/proc/net/netstat", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("TcpExt:"))
    .map((line) => line.split(" "));
  const read = (name: string): number => Number(values[names.indexOf(name)] ?? 0);
  return { overflows: read("ListenOverflows"), drops: read("ListenDrops") };
}
