/** Every case of http.json, with the same bundle, in each runtime that is here. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleRunner } from "./bundle.ts";
import { openCaseServer } from "./case-server.ts";
import type { CaseServer } from "./case-server.ts";
import { toRuns } from "./case.ts";
import type { HttpCase } from "./case.ts";
import type { Report } from "./run-all.ts";
import { findRuntimes } from "./runtimes.ts";

const file = new URL("../cases/http.json", import.meta.url);
const runs = toRuns((JSON.parse(readFileSync(file, "utf8")) as { cases: HttpCase[] }).cases);

describe.each(findRuntimes())("$name", ({ name, missing, required, start }) => {
  let server: CaseServer;
  let runtime: AsyncDisposable | undefined;
  let report: Report;

  if (missing !== undefined) {
    console.warn(`The client's cases do not run in ${name} here: ${missing}.`);
    test(`is not here: ${missing}`, () => {
      expect(required).toBe(false);
    });
    return;
  }

  beforeAll(async () => {
    const program = await bundleRunner();
    server = await openCaseServer(runs, program);
    runtime = await start({ url: server.url, casesUrl: server.casesUrl, program });
    report = await server.report;
    console.info(`${Object.keys(report.outcomes).length} runs of the client's cases in ${report.runtime}`);
  }, 180_000);

  afterAll(async () => {
    await runtime?.[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test.each(runs)("$name", ({ key, case: { expect: expected } }) => {
    expect(report.outcomes[key]).toEqual({ events: expected.events, error: expected.error });
    if (expected.requests === undefined) return;
    const asked = server.requests.get(key) ?? [];
    expect(asked).toMatchObject(expected.requests);
    // One more is the one that 204 answers, after the client's own end of what it was to follow.
    expect(asked.length).toBe(expected.requests.length);
  });
});
