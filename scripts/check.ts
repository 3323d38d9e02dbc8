/** `npm run check`: everything that can be said of the sources without running them. */
import { availableParallelism } from "node:os";
import { createChecks } from "./check/checks.ts";
import { runChecks } from "./check/run-check.ts";
import { tellCheck } from "./check/tell.ts";

const results = await runChecks(createChecks(), availableParallelism(), tellCheck);
const passed = results.filter((result) => result.passed).length;
console.log(`${passed} passed, ${results.length - passed} failed`);
process.exitCode = passed === results.length ? 0 : 1;
