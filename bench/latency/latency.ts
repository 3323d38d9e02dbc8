/**
 * Added latency: from a provider saying a delta to a client's socket having it, with the delta stored in between.
 * Three processes at most: the model, the subject, and this one, which holds the clients.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type BenchResult, type BenchRow, percentile } from "../table.ts";
import { readStamps } from "./stamped-text.ts";

const warmUpMs = 1500;
const measuredMs = 4000;
/** A rate is held while so much of it arrives, as late as the budget allows. */
const heldFraction = 0.95;
const heldP99Ms = 50;

interface Measured {
  p50: number;
  p99: number;
  /** Deltas that arrived, of those that were due. */
  fraction: number;
}

export async function benchLatency(): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  const add = (subject: string, metric: string, unit: string, value: number): void =>
    void rows.push({ subject, metric, unit, value });

  for (const generations of [1, 100, 1000]) {
    for (const [subject, kind] of [
      ["typebar", "in-process"],
      ["floor", "floor"],
    ] as const) {
      const measured = await measure(kind, generations, 50);
      tell(`${subject}, ${generations} generations at 50 deltas/s, in-process provider`, measured);
      add(subject, `added_p50_ms_${generations}`, "ms", measured.p50);
      add(subject, `added_p99_ms_${generations}`, "ms", measured.p99);
    }
  }

  let heldRate = 0;
  for (const rate of [10, 15, 20, 25, 30, 40]) {
    const measured = await measure("http", 1000, rate);
    tell(`typebar, 1000 generations at ${rate} deltas/s, HTTP provider`, measured);
    if (rate === 10) {
      add("typebar", "http_added_p50_ms_1000", "ms", measured.p50);
      add("typebar", "http_added_p99_ms_1000", "ms", measured.p99);
    }
    if (measured.fraction < heldFraction || measured.p99 > heldP99Ms) break;
    heldRate = rate * 1000;
  }
  add("typebar", "http_held_deltas_per_s", "deltas/s", heldRate);
  return { name: "latency", rows };
}

async function measure(kind: "in-process" | "http" | "floor", generations: number, rate: number): Promise<Measured> {
  const children: ChildProcess[] = [];
  const clients: Socket[] = [];
  try {
    let modelUrl = "";
    if (kind === "http") {
      const [model, url] = await startProcess("model-main.ts", [String(rate)]);
      children.push(model);
      modelUrl = url;
    }
    const [subject, url] = await startProcess("subject-main.ts", [kind, String(rate), modelUrl]);
    children.push(subject);

    const latencies: number[] = [];
    let measuring = false;
    const { port } = new URL(url);
    for (let index = 0; index < generations; index++) {
      clients.push(ask(Number(port), (ms) => measuring && latencies.push(ms)));
      // A herd of starts is another question: here they come one after the other.
      if (index % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    measuring = true;
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, measuredMs));
    measuring = false;
    const due = (generations * rate * (performance.now() - startMs)) / 1000;
    const sorted = Float64Array.from(latencies).sort();
    return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), fraction: sorted.length / due };
  } finally {
    for (const client of clients) client.destroy();
    await Promise.all(children.map(endProcess));
  }
}

/** One client: asks over a bare socket, so that reading costs as little as it can. */
function ask(port: number, onLatency: (ms: number) => void): Socket {
  const body = JSON.stringify({ message: "Speak." });
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(
    `POST /api/chat HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  let half = "";
  socket.on("data", (bytes) => void (half = readStamps(half + bytes.toString("latin1"), onLatency)));
  return socket;
}

async function startProcess(file: string, args: readonly string[]): Promise<[ChildProcess, string]> {
  const child = spawn(process.execPath, ["--conditions", "typebar-source", join(import.meta.dirname, file), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
  if (line === undefined) throw new Error(`${file} ended before it was ready`);
  return [child, line];
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function tell(what: string, { p50, p99, fraction }: Measured): void {
  console.log(`${what}: p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms, ${(fraction * 100).toFixed(1)} % arrived`);
}
