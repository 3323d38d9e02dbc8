/** How many messages a second one core carries: as many as it takes are kept on their way. Called by hub.ts. */
import { type LoadChecks, type LoadWindow, runLoad } from "./load.ts";
import type { HubRun } from "./run.ts";
import type { RunningSubject } from "./subject-process.ts";
import { formatWindow, medianOfQuiet } from "./windows.ts";

interface SaturatedWindow extends LoadWindow {
  outstanding: number;
}

/**
 * Followers, how often they read, and how many messages are on their way: the first round finds out with how many a subject carries most.
 * Those that read every 2 ms stand for followers that are 2 ms away.
 */
const settings = [
  { metric: "saturation_1000", followers: 1000, pollUs: 2000, ladder: [4, 16, 64] },
  { metric: "saturation_5000", followers: 5000, pollUs: 2000, ladder: [4, 16, 64] },
  { metric: "saturation_1000_one", followers: 1000, pollUs: 50, ladder: [1] },
] as const;
type Setting = (typeof settings)[number];

const firstMeasureMs = 500;
/** No further round begins after it: a machine that others use takes longer for each. */
const budgetMs = 165_000;
const measureMs = 1000;

export async function measureSaturation(
  run: HubRun,
  running: ReadonlyMap<string, RunningSubject>,
  rounds: number,
): Promise<void> {
  const windows = new Map<string, SaturatedWindow[]>();
  const startMs = performance.now();
  for (let round = 0; round < rounds && (round === 0 || performance.now() - startMs < budgetMs); round++) {
    for (const setting of settings) {
      for (const [subject, target] of running) {
        await run.attempt(subject, setting.metric, async () => {
          const key = `${setting.metric} ${subject}`;
          const before = windows.get(key) ?? [];
          const best = await measureOne(run, subject, target, setting, before);
          windows.set(key, [...before, best]);
        });
      }
    }
  }
  const addRows = (prefix: string, unit: string, valueOf: (window: SaturatedWindow) => number): void => {
    for (const { metric } of settings) {
      for (const subject of running.keys()) {
        const measured = windows.get(`${metric} ${subject}`);
        if (measured) run.add(subject, `${prefix}${metric}`, unit, medianOfQuiet(measured, valueOf));
      }
    }
  };
  addRows("", "messages/s", (window) => Math.round(undisturbedRate(window)));
  addRows("core_used_", "of 1", usedShare);
}

async function measureOne(
  run: HubRun,
  subject: string,
  target: RunningSubject,
  { metric, followers, pollUs, ladder }: Setting,
  before: readonly SaturatedWindow[],
): Promise<SaturatedWindow> {
  const steps = before.length === 0 ? ladder : [bestOf(before).outstanding];
  const result = await runLoad<LoadChecks & { windows: SaturatedWindow[] }>(run.load, "saturate", target, {
    followers,
    poll: pollUs,
    outstanding: steps.join(","),
    warm: before.length === 0 ? 1000 : 500,
    measure: steps.length > 1 ? firstMeasureMs : measureMs,
  });
  run.check(subject, metric, result);
  const best = bestOf(result.windows);
  run.tell(`${metric}, ${subject}, ${best.outstanding} messages on their way: ${formatWindow(best)}`);
  return best;
}

/** Of the time in which the server could have its core, how much it used: well below 1, and something else was the limit. */
function usedShare({ serverCpuSeconds, seconds, serverWaitedSeconds }: LoadWindow): number {
  return Math.min(1, serverCpuSeconds / (seconds - serverWaitedSeconds));
}

/** Per second in which the server could have its core. */
function undisturbedRate({ perSecond, seconds, serverWaitedSeconds }: LoadWindow): number {
  return (perSecond * seconds) / (seconds - serverWaitedSeconds);
}

function bestOf(windows: readonly SaturatedWindow[]): SaturatedWindow {
  const [best] = windows.toSorted((one, other) => undisturbedRate(other) - undisturbedRate(one));
  if (!best) throw new Error("The load generator measured nothing.");
  return best;
}
