/**
 * A herd: all followers of a channel lose their connections at once and come back, each after the time that it was told, while events go
 * on being published. Server and followers are processes of their own. Called by main.ts; how to read the table: README.md.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createHerd, type Herd, type HubProcess, openHubProcess } from "@typebar/testing";
import { type BenchResult, type BenchRow, percentile } from "../table.ts";
import { watchQueue } from "./accept-queue.ts";

const followerCount = 10_000;
const settings = { publishMs: 500, retryMs: 1000, retrySpreadMs: 1000 };
/** Of `/proc/PID/stat`, on every Linux. */
const clockTicksPerSecond = 100;

const cuts = {
  /** `kill -9`, and a start on the same log. */
  killed: (hub: HubProcess) => hub.killAndRestart(),
  /** The server goes on, and resets every socket. */
  reset: async (hub: HubProcess) => hub.cut(),
} as const;

export async function benchHerd(): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  await using hub = await openHubProcess(settings);
  const herd = createHerd(hub.port);
  try {
    console.error(`herd: ${followerCount} followers are gathered`);
    await herd.gather(followerCount);
    for (const [name, cut] of Object.entries(cuts)) rows.push(...(await measure({ name, cut, hub, herd })));
    const faults = await herd.settle(await hub.stop());
    for (const [metric, value] of Object.entries(faults)) rows.push(toRow(`events_${metric}`, "", value));
    return { name: "herd", rows };
  } finally {
    herd.close();
  }
}

interface Measurement {
  name: string;
  cut: (hub: HubProcess) => Promise<void>;
  hub: HubProcess;
  herd: Herd;
}

async function measure({ name, cut, hub, herd }: Measurement): Promise<BenchRow[]> {
  // Whoever came late has to be at rest as well.
  await sleep(2000);
  const returning = herd.watchReturn();
  const queue = watchQueue(hub.port);
  const pidBefore = hub.pid;
  const cpuBefore = cpuSeconds(pidBefore);
  const ownCpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  await cut(hub);
  const listensMs = performance.now() - startedMs;
  const timesMs = await returning.done;
  const cpu = cpuSeconds(hub.pid) - (hub.pid === pidBefore ? cpuBefore : 0);
  const { user, system } = process.cpuUsage(ownCpuBefore);
  const { longest, overflows, drops } = queue.stop();
  const row = (metric: string, unit: string, value: number): BenchRow => toRow(`${name}_${metric}`, unit, value);
  return [
    ...(hub.pid === pidBefore ? [] : [row("listens_ms", "ms", listensMs)]),
    row("longest_retry_ms", "ms", returning.longestRetryMs()),
    row("back_p50_ms", "ms", percentile(timesMs, 0.5)),
    row("back_p99_ms", "ms", percentile(timesMs, 0.99)),
    row("back_last_ms", "ms", timesMs.at(-1) ?? Number.NaN),
    row("failed_attempts", "", returning.failedAttempts()),
    row("accept_queue_longest", "", longest),
    row("accept_queue_overflows", "", overflows),
    row("syn_drops", "", drops),
    row("server_cpu_s", "s", cpu),
    row("followers_cpu_s", "s", (user + system) / 1e6),
  ];
}

function toRow(metric: string, unit: string, value: number): BenchRow {
  return { subject: "typebar", metric, unit, value };
}

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond;
}
