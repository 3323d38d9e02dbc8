/** Every number that `/metrics` shows, and who is told what so that they are right. Made by the composition root. */
import type { GenerationObserver, ResumeResult } from "@typebar/chat";
import type { RecordLog } from "@typebar/log";
import type { StreamObserver } from "@typebar/server";
import { collectDefaultMetrics, Counter, Registry } from "prom-client";
import { measureEventLoopDelay } from "./event-loop-delay.ts";
import { createGenerationMetrics } from "./generation-metrics.ts";
import { observeAppends } from "./log-metrics.ts";
import { createStreamMetrics } from "./stream-metrics.ts";

export interface Metrics {
  generations: GenerationObserver;
  streams: Required<StreamObserver>;
  onResume: (result: ResumeResult) => void;
  /** The same log, whose appends are measured. */
  observeLog: (log: RecordLog) => RecordLog;
  /** Answers `GET /metrics`, which the caller has let in. */
  respond: () => Promise<Response>;
}

const resumeResults: readonly ResumeResult[] = ["resumed", "finished", "expired", "diverged", "unknown"];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectProcessMetrics(registry);
  measureEventLoopDelay(registry);
  const streams = createStreamMetrics(registry);
  const resumes = new Counter({
    name: "typebar_resumes_total",
    help: "Requests that named the last event of an answer, by how they were answered.",
    labelNames: ["result"],
    registers: [registry],
  });
  for (const result of resumeResults) resumes.inc({ result }, 0);

  return {
    generations: createGenerationMetrics(registry),
    streams,
    onResume(result) {
      resumes.inc({ result });
      if (result === "expired" || result === "diverged") streams.reset(result);
    },
    observeLog: (log) => observeAppends(log, registry),
    respond: async () =>
      new Response(await registry.metrics(), {
        headers: { "Content-Type": registry.contentType, "Cache-Control": "no-store" },
      }),
  };
}

/** What dashboards know by name, but for what costs more with each connection and what `event-loop-delay.ts` measures better. */
function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1000 });
  for (const { name } of registry.getMetricsAsArray()) {
    if (/^nodejs_(?:active|eventloop_lag)_/.test(name)) registry.removeSingleMetric(name);
  }
}
