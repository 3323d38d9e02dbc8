/**
 * Asks the case server for the runs, does them, and reports. Bundled by bundle.ts, and run in each runtime: as a module
 * of a page, or as a program whose only knowledge is the server's address.
 */
import type { CaseRun } from "./case.ts";
import { runCase } from "./run-case.ts";
import type { ClientOutcome } from "./run-case.ts";

/** A client that hangs must not keep the others' outcomes from being told. */
const patienceMs = 20_000;

/** Browsers open no more than six connections to a host. */
const atOnce = 4;

export interface Report {
  runtime: string;
  outcomes: Record<string, ClientOutcome>;
}

/**
 * @param serverUrl - Where runs are asked for and reported to.
 * @param casesUrl - Where the cases are answered: another origin, for a page.
 */
export async function runAll(serverUrl: string, casesUrl: string): Promise<void> {
  const runs = (await (await fetch(`${serverUrl}/runs`)).json()) as CaseRun[];
  const outcomes: Report["outcomes"] = {};
  const work = async (): Promise<void> => {
    for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
      const hung = new Promise<ClientOutcome>((resolve) => {
        setTimeout(() => resolve({ events: [], error: "hung" }), patienceMs);
      });
      outcomes[run.key] = await Promise.race([runCase(`${casesUrl}/run/${run.key}`, run.case), hung]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const report: Report = { runtime: navigator.userAgent, outcomes };
  await fetch(`${serverUrl}/report`, { method: "POST", body: JSON.stringify(report) });
}
