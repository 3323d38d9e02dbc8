/**
 * The hub beside its peers: one stream to many. Each subject runs in its own process on one core, the load generator (C, native/) on another.
 * What is measured, and how to read the table: bench/README.md.
 */
import { type BenchResult } from "../table.ts";
import { type Cores, pickCores } from "./cores.ts";
import { measureIdle } from "./idle.ts";
import { compileNative } from "./native.ts";
import { findNchan, openNchan } from "./nchan.ts";
import { measurePaced } from "./paced.ts";
import { createHubRun, type HubRun, type HubSubject } from "./run.ts";
import { measureSaturation } from "./saturation.ts";
import { measureStalled } from "./stalled.ts";
import { nodeSubjects, openNodeSubject, openProcess, type RunningSubject } from "./subject-process.ts";

const parts = ["saturation", "paced", "idle", "stalled"] as const;
type Part = (typeof parts)[number];

export interface HubOptions {
  /** @defaultValue all */
  subjects?: readonly string[] | undefined;
  /** @defaultValue all */
  parts?: readonly string[] | undefined;
  /** Times each subject is measured, in turns with the others; medians are reported. @defaultValue 3 */
  rounds?: number | undefined;
}

export async function benchHub({ subjects, parts: wanted = parts, rounds = 3 }: HubOptions = {}): Promise<BenchResult> {
  const cores = pickCores();
  await using native = await compileNative();
  const all = listSubjects(cores);
  const chosen = subjects === undefined ? all : all.filter(({ name }) => subjects.includes(name));
  const { run, finish } = createHubRun(chosen, { program: native.load, core: cores.load });
  const wants = (part: Part): boolean => wanted.includes(part);
  if (wants("saturation") || wants("paced")) {
    const floor = { name: "floor", open: () => openProcess(cores.server, [native.floor]) };
    await withRunning({ ...run, subjects: [...chosen, floor] }, async (running) => {
      if (wants("saturation")) await measureSaturation(run, running, rounds);
      if (wants("paced")) await measurePaced(run, running, rounds);
    });
  }
  if (wants("idle")) await measureIdle(run);
  if (wants("stalled")) await measureStalled(run);
  return { name: "hub", rows: finish() };
}

function listSubjects(cores: Cores): HubSubject[] {
  const subjects: HubSubject[] = nodeSubjects.map((name) => ({
    name,
    open: () => openNodeSubject(name, cores.server),
  }));
  const nchan = findNchan();
  if (nchan) subjects.push({ name: "nchan", open: () => openNchan(nchan, cores.server) });
  else
    console.error(
      "NCHAN IS MISSING: nginx with its module could neither be found nor installed, so the hub is NOT compared with it. " +
        "On Debian: apt-get install nginx-light libnginx-mod-nchan.",
    );
  return subjects;
}

/** Starts all subjects, so that they can be measured in turns. */
async function withRunning(
  { subjects }: HubRun,
  work: (running: ReadonlyMap<string, RunningSubject>) => Promise<void>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const running = new Map<string, RunningSubject>();
  for (const { name, open } of subjects) running.set(name, stack.use(await open()));
  await work(running);
}
