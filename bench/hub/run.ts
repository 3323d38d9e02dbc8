/** What every part of the benchmark works with, and how it tells what it finds. Built by hub.ts. */
import type { BenchRow } from "../table.ts";
import type { LoadChecks, LoadSetup } from "./load.ts";
import type { RunningSubject } from "./subject-process.ts";

export interface HubSubject {
  name: string;
  open(): Promise<RunningSubject>;
}

export interface HubRun {
  subjects: readonly HubSubject[];
  load: LoadSetup;
  /** For the table. */
  add(subject: string, metric: string, unit: string, value: number): void;
  /** For whoever watches. */
  tell(line: string): void;
  /** Counts what a subject did that none may do. */
  check(subject: string, when: string, checks: LoadChecks): void;
  /** Does one measurement; where it fails, that is told and counts as a fault, and the others go on. */
  attempt(subject: string, when: string, measure: () => Promise<void>): Promise<void>;
}

function tell(line: string): void {
  console.log(line);
}

export function createHubRun(
  subjects: readonly HubSubject[],
  load: LoadSetup,
): { run: HubRun; finish: () => BenchRow[] } {
  const rows: BenchRow[] = [];
  const faults = new Map<string, number>();
  const addFaults = (subject: string, count: number): void =>
    void faults.set(subject, (faults.get(subject) ?? 0) + count);
  const run: HubRun = {
    subjects,
    load,
    tell,
    add: (subject, metric, unit, value) => void rows.push({ subject, metric, unit, value }),
    check(subject, when, { unpublished, incomplete, misordered, malformed, closed }) {
      const found = { unpublished, incomplete, misordered, malformed, closed };
      const told = Object.entries(found).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
      if (told.length > 0) tell(`FAULT of ${subject}, ${when}: ${told.join(", ")}`);
      addFaults(
        subject,
        Object.values(found).reduce((sum, count) => sum + count, 0),
      );
    },
    async attempt(subject, when, measure) {
      try {
        await measure();
      } catch (error) {
        tell(`FAILED: ${subject}, ${when}: ${error instanceof Error ? error.message : String(error)}`);
        addFaults(subject, 1);
      }
    },
  };
  const finish = (): BenchRow[] => [
    ...rows,
    ...[...faults].map(([subject, value]) => ({ subject, metric: "faults", unit: "", value })),
  ];
  return { run, finish };
}
