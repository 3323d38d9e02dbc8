/** What a reader costs that stopped reading, in memory, and whether it is closed. Several subjects at once: nothing here depends on speed. Called by hub.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { type LoadChecks, openLoad } from "./load.ts";
import { openSockets, residentKib as readResidentKib } from "./memory.ts";
import type { HubRun, HubSubject } from "./run.ts";

/** Subjects that one core carries together without one being late because of another. */
const atOnce = 4;
const stalled = 20;
/** Readers that go on, so that it is seen whether they get everything. */
const reading = 5;
const messageBytes = 1024;
const rate = 1000;
/** Published before to those that read, so that what is held for all anyway is not counted for those that stop. */
const warmMs = 5000;
const publishMs = 10_000;
/** From the end of the publishing on: longer than a server may bear with one that reads nothing. */
const closedWithinMs = 30_000;
const sampleMs = 250;
/** All load generators share a core, so they look seldom. */
const pollUs = 1000;

export async function measureStalled(run: HubRun): Promise<void> {
  for (let first = 0; first < run.subjects.length; first += atOnce) {
    const group = run.subjects.slice(first, first + atOnce);
    await Promise.all(group.map((subject) => run.attempt(subject.name, "stalled", () => measureOne(run, subject))));
  }
}

async function measureOne(run: HubRun, { name, open }: HubSubject): Promise<void> {
  await using subject = await open();
  await using load = openLoad(run.load, "stalled", subject, {
    followers: stalled + reading,
    stalled,
    bytes: messageBytes,
    rate,
    poll: pollUs,
    warm: warmMs,
    measure: publishMs,
  });
  // What it holds where all read does not count for those that stop.
  const [, usualPeakKib] = await withPeak(subject.pids, load.next());
  const usualKib = await subject.liveKib();
  // Theirs are not open yet.
  const socketsBefore = openSockets(subject.pids) + stalled;
  load.tell("Go on.");
  const [checks, peakKib] = await withPeak(subject.pids, load.next<LoadChecks>());
  const heldKib = Math.max(0, (await subject.liveKib()) - usualKib) / stalled;
  const residentKib = Math.max(0, peakKib - usualPeakKib) / stalled;
  run.check(name, "stalled", checks);
  const giveUpAt = performance.now() + closedWithinMs;
  const closed = (): number => socketsBefore - openSockets(subject.pids);
  while (closed() < stalled && performance.now() < giveUpAt) await sleep(sampleMs);
  run.tell(
    `stalled, ${name}: ${heldKib.toFixed(0)} KiB held for each, ${residentKib.toFixed(0)} resident, ${closed()} of ${stalled} closed`,
  );
  run.add(name, "stalled_reader_kib", "KiB", heldKib);
  run.add(name, "stalled_reader_resident_kib", "KiB", residentKib);
  run.add(name, "stalled_closed_of_20", "", closed());
}

/** The result, and the most that was resident until it came. */
async function withPeak<T>(pids: readonly number[], result: Promise<T>): Promise<[result: T, peakKib: number]> {
  let isOver = false;
  const end = (): void => void (isOver = true);
  result.then(end, end);
  let peakKib = 0;
  while (!isOver) {
    peakKib = Math.max(peakKib, readResidentKib(pids));
    await sleep(sampleMs);
  }
  return [await result, peakKib];
}
