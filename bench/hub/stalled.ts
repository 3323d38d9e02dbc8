/** What a reader costs that stopped reading, in memory, and whether it is closed. All subjects at once: nothing here depends on speed. Called by hub.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { type LoadChecks, openLoad } from "./load.ts";
import { openSockets, residentKib } from "./memory.ts";
import type { HubRun, HubSubject } from "./run.ts";

const stalled = 20;
/** Readers that go on, so that it is seen whether they get everything. */
const reading = 5;
const messageBytes = 1024;
const rate = 1000;
const publishMs = 10_000;
/** From the end of the publishing on: longer than a server may bear with one that reads nothing. */
const closedWithinMs = 30_000;
const sampleMs = 250;
/** All load generators share a core, so they look seldom. */
const pollUs = 1000;

export async function measureStalled(run: HubRun): Promise<void> {
  await Promise.all(
    run.subjects.map((subject) => run.attempt(subject.name, "stalled", () => measureOne(run, subject))),
  );
}

async function measureOne(run: HubRun, { name, open }: HubSubject): Promise<void> {
  await using subject = await open();
  await using load = openLoad(run.load, "stalled", subject, {
    followers: stalled + reading,
    stalled,
    bytes: messageBytes,
    rate,
    poll: pollUs,
    measure: publishMs,
  });
  await load.next();
  subject.collectGarbage();
  await sleep(sampleMs);
  const beforeKib = residentKib(subject.pids);
  const socketsBefore = openSockets(subject.pids);
  const published = load.next<LoadChecks>();
  let peakKib = 0;
  let isPublishing = true;
  const end = (): void => void (isPublishing = false);
  published.then(end, end);
  while (isPublishing) {
    await sleep(sampleMs);
    peakKib = Math.max(peakKib, residentKib(subject.pids) - beforeKib);
  }
  subject.collectGarbage();
  await sleep(sampleMs);
  const heldKib = Math.max(0, residentKib(subject.pids) - beforeKib) / stalled;
  run.check(name, "stalled", await published);
  const giveUpAt = performance.now() + closedWithinMs;
  const closed = (): number => socketsBefore - openSockets(subject.pids);
  while (closed() < stalled && performance.now() < giveUpAt) await sleep(sampleMs);
  run.tell(
    `stalled, ${name}: ${heldKib.toFixed(0)} KiB held for each, at most ${(peakKib / stalled).toFixed(0)}, ${closed()} of ${stalled} closed`,
  );
  run.add(name, "stalled_reader_kib", "KiB", heldKib);
  run.add(name, "stalled_reader_peak_kib", "KiB", peakKib / stalled);
  run.add(name, "stalled_closed_of_20", "", closed());
}
