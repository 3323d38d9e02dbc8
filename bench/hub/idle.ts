/** What a follower costs that has nothing to read, in memory. Called by hub.ts. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openLoad } from "./load.ts";
import { residentKib } from "./memory.ts";
import type { HubRun, HubSubject } from "./run.ts";

const firstCount = 10;
const wanted = [5000, 20_000];
/** Descriptors that a server needs for other things than followers. */
const spareDescriptors = 500;
const settleMs = 1000;

export async function measureIdle(run: HubRun): Promise<void> {
  const counts = wanted.map((count) =>
    Math.min(count, Math.floor((descriptorLimit() - spareDescriptors) / 1000) * 1000),
  );
  for (const subject of run.subjects) await run.attempt(subject.name, "idle", () => measureOne(run, subject, counts));
}

async function measureOne(run: HubRun, { name, open }: HubSubject, counts: readonly number[]): Promise<void> {
  await using subject = await open();
  await using load = openLoad(run.load, "idle", subject, { most: Math.max(...counts), followers: 0 });
  const settledKib = async (): Promise<number> => {
    await subject.liveKib();
    await sleep(settleMs);
    return residentKib(subject.pids);
  };
  // So that what every first connection loads and allocates is there before.
  load.tell(String(firstCount));
  await load.next();
  const beforeKib = await settledKib();
  for (const count of counts) {
    load.tell(String(count));
    const { closed } = await load.next<{ closed: number }>();
    if (closed > 0) throw new Error(`${closed} followers were closed`);
    const kib = ((await settledKib()) - beforeKib) / (count - firstCount);
    run.tell(`idle_kib_${count}, ${name}: ${kib.toFixed(2)} KiB`);
    run.add(name, `idle_kib_${count}`, "KiB", kib);
  }
}

/** A server can have no more connections than this. */
function descriptorLimit(): number {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1] ?? 1024);
}
