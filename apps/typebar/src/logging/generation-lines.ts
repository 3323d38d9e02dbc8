/** What becomes of each answer -> two lines of the log. Told by chat/generation. */
import type { GenerationObserver } from "@typebar/chat";
import type { Logger } from "pino";

export function createGenerationLines(logger: Logger): GenerationObserver {
  return {
    begun({ takeover, ...work }) {
      const startMs = performance.now();
      let firstTokenMs: number | undefined;
      let asks = 0;
      let parts = 0;
      logger.info({ ...work, takeover }, "an answer begins");
      return {
        asked: () => void (asks += 1),
        spoke: () => {
          parts += 1;
          firstTokenMs ??= Math.round(performance.now() - startMs);
        },
        ended: (end) => {
          const { state = "left", code, finishReason, usage } = end ?? {};
          const facts = { state, code, finishReason, ...usage, asks, parts, firstTokenMs };
          const durationMs = Math.round(performance.now() - startMs);
          const level = state === "failed" || state === "interrupted" ? "warn" : "info";
          logger[level]({ ...work, ...facts, durationMs }, "an answer ends");
        },
      };
    },
  };
}
