/** What a message costs and how late it comes where the server has time to spare: 1,000 followers, 10 and 50 messages a second to each. Called by hub.ts. */
import { type LoadChecks, type LoadWindow, runLoad } from "./load.ts";
import type { HubRun } from "./run.ts";
import type { RunningSubject } from "./subject-process.ts";
import { formatWindow, medianOfQuiet } from "./windows.ts";

interface PacedWindow extends LoadWindow {
  rate: number;
  p50Us: number;
  p99Us: number;
}

const followers = 1000;
const rates = [10, 50];
const measureMs = 1500;
const pollUs = 50;
/** No further round begins after it. */
const budgetMs = 60_000;

export async function measurePaced(
  run: HubRun,
  running: ReadonlyMap<string, RunningSubject>,
  rounds: number,
): Promise<void> {
  const windows = new Map<string, PacedWindow[]>();
  const startMs = performance.now();
  for (let round = 0; round < rounds && (round === 0 || performance.now() - startMs < budgetMs); round++) {
    for (const [subject, target] of running) {
      await run.attempt(subject, "paced", async () => {
        const result = await runLoad<LoadChecks & { windows: PacedWindow[] }>(run.load, "paced", target, {
          followers,
          poll: pollUs,
          rates: rates.join(","),
          warm: 500,
          measure: measureMs,
        });
        run.check(subject, "paced", result);
        windows.set(subject, [...(windows.get(subject) ?? []), ...result.windows]);
        for (const window of result.windows) run.tell(`${nameOf(window.rate)}, ${subject}: ${formatWindow(window)}`);
      });
    }
  }
  const columns: [metric: string, unit: string, valueOf: (window: PacedWindow) => number][] = [
    [
      "cpu_s_per_million",
      "s",
      ({ serverCpuSeconds, perSecond, seconds }) => serverCpuSeconds / ((perSecond * seconds) / 1e6),
    ],
    ["p50_ms", "ms", ({ p50Us }) => p50Us / 1000],
    ["p99_ms", "ms", ({ p99Us }) => p99Us / 1000],
  ];
  for (const [metric, unit, valueOf] of columns) {
    for (const rate of rates) {
      for (const [subject, all] of windows) {
        const measured = all.filter((window) => window.rate === rate);
        run.add(subject, `${metric}_${nameOf(rate)}`, unit, medianOfQuiet(measured, valueOf));
      }
    }
  }
}

/** By the messages that are delivered in a second. */
function nameOf(rate: number): string {
  return `${(followers * rate) / 1000}k`;
}
