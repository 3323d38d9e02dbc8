/** How fast a model wrote, for the line below an answer. Used by components/AnswerActions.vue. */
import type { Answer } from "@typebar/chat-client";

/** Of what came all at once, nothing is said: the time is then that of one packet. */
const shortestMs = 100;

/** Tokens a second, with one decimal where it is slow; `null` where it is not known. */
export function toRate({ usage, durationMs }: Pick<Answer, "usage" | "durationMs">): string | null {
  const tokens = usage?.outputTokens;
  if (tokens === undefined || durationMs === null || durationMs < shortestMs) return null;
  const rate = tokens / (durationMs / 1000);
  return rate < 10 ? rate.toFixed(1) : String(Math.round(rate));
}
