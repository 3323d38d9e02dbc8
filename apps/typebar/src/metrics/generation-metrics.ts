/** What becomes of answers -> numbers. Told by chat/generation; part of create-metrics.ts. */
import type { GenerationObserver } from "@typebar/chat";
import { type GenerationErrorCode, generationErrorCodes } from "@typebar/chat/protocol";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

/** `left`: another process, or the next start, goes on with it. */
const outcomes = ["completed", "stopped", "failed", "interrupted", "left"] as const;

/** A model answers at once where it is close, and after a minute where it must be loaded first. */
const firstTokenBuckets = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60];
const gapBuckets = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60];
const durationBuckets = [0.5, 1, 2, 5, 10, 20, 60, 120, 300, 900];

export function createGenerationMetrics(registry: Registry): GenerationObserver {
  const registers = [registry];
  const running = new Gauge({
    name: "typebar_generations_running",
    help: "Answers that this process is working on.",
    registers,
  });
  const generations = new Counter({
    name: "typebar_generations_total",
    help: "Answers that this process has worked on to their end or left to another, by outcome.",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of outcomes) generations.inc({ outcome }, 0);
  const failures = new Counter({
    name: "typebar_generation_failures_total",
    help: "Answers that failed or were interrupted, by error code.",
    labelNames: ["code"],
    registers,
  });
  for (const code of generationErrorCodes) failures.inc({ code } satisfies { code: GenerationErrorCode }, 0);
  const takeovers = new Counter({
    name: "typebar_takeovers_total",
    help: "Answers that another process began and this one went on with.",
    registers,
  });
  const requests = new Counter({
    name: "typebar_model_requests_total",
    help: "Requests to models, those that were repeated included.",
    registers,
  });
  const tokens = new Counter({
    name: "typebar_tokens_total",
    help: "Tokens of ended answers, as far as models count them.",
    labelNames: ["kind"],
    registers,
  });
  for (const kind of ["input", "output"]) tokens.inc({ kind }, 0);
  const firstToken = new Histogram({
    name: "typebar_first_token_seconds",
    help: "From the beginning of an answer to the first thing its model says.",
    buckets: firstTokenBuckets,
    registers,
  });
  const gap = new Histogram({
    name: "typebar_token_gap_seconds",
    help: "Between two things that a model says in one answer.",
    buckets: gapBuckets,
    registers,
  });
  const duration = new Histogram({
    name: "typebar_generation_duration_seconds",
    help: "How long this process has worked on an answer.",
    buckets: durationBuckets,
    registers,
  });

  return {
    begun({ takeover }) {
      const startMs = performance.now();
      /** Of what the model said last, to this request. */
      let lastMs: number | undefined;
      let spoken = false;
      running.inc();
      if (takeover) takeovers.inc();
      return {
        asked() {
          requests.inc();
          lastMs = undefined;
        },
        spoke() {
          const nowMs = performance.now();
          if (lastMs !== undefined) gap.observe((nowMs - lastMs) / 1000);
          // A reader of an answer that was taken over has waited for its first token elsewhere.
          else if (!spoken && !takeover) firstToken.observe((nowMs - startMs) / 1000);
          spoken = true;
          lastMs = nowMs;
        },
        ended(end) {
          running.dec();
          duration.observe((performance.now() - startMs) / 1000);
          generations.inc({ outcome: end?.state ?? "left" });
          if (end?.code !== undefined) failures.inc({ code: end.code });
          tokens.inc({ kind: "input" }, end?.usage?.inputTokens ?? 0);
          tokens.inc({ kind: "output" }, end?.usage?.outputTokens ?? 0);
        },
      };
    },
  };
}
