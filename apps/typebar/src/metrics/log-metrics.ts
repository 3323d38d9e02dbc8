/** Appends of a record log -> how long they take and how often they fail. Wraps the driver in the composition root. */
import { LogError, type LogErrorCode, type RecordLog } from "@typebar/log";
import { Counter, Histogram, type Registry } from "prom-client";

const appendBuckets = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];
const failureCodes: readonly LogErrorCode[] = ["fenced", "unavailable"];

export function observeAppends(log: RecordLog, registry: Registry): RecordLog {
  const registers = [registry];
  const seconds = new Histogram({
    name: "typebar_log_append_seconds",
    help: "How long the store takes until what was said is safe: one commit for all that is said at once.",
    buckets: appendBuckets,
    registers,
  });
  const failures = new Counter({
    name: "typebar_log_append_failures_total",
    help: "Appends that the store refused, by code.",
    labelNames: ["code"],
    registers,
  });
  for (const code of failureCodes) failures.inc({ code }, 0);
  return {
    ...log,
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    append(...given) {
      const startMs = performance.now();
      const appended = log.append(...given);
      appended.then(
        () => seconds.observe((performance.now() - startMs) / 1000),
        (error: unknown) => failures.inc({ code: error instanceof LogError ? error.code : "unavailable" }),
      );
      return appended;
    },
  };
}
