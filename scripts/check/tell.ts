/** Tells how one check went; its own words only where it failed. Used by check.ts and test.ts. */
import type { CheckResult } from "./run-check.ts";

export function tellCheck(result: CheckResult): void {
  const seconds = (result.durationMs / 1000).toFixed(1);
  console.log(`${result.passed ? "ok  " : "FAIL"} ${result.name} (${seconds} s)`);
  if (!result.passed) console.log(result.output.trimEnd().replaceAll(/^/gm, "     "));
}
