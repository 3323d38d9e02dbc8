/** What an `error` chunk says to people, by code: safe to show, in English. The page says it in its own language by the code. */
import type { GenerationErrorCode } from "../protocol.ts";

export const errorTexts: Readonly<Record<GenerationErrorCode, string>> = {
  "provider-unauthorized": "The model provider did not accept the key.",
  "provider-rate-limited": "The model provider is limiting requests. Try again later.",
  "provider-rejected": "The model provider rejected the request.",
  "provider-unavailable": "The model provider could not be reached.",
  "provider-error": "The model provider reported an error.",
  "provider-incomplete": "The model provider ended the answer before it was complete.",
  "first-token-timeout": "The model did not begin to answer in time.",
  "silence-timeout": "The model stopped in mid-answer.",
  "total-timeout": "The answer took longer than allowed.",
  "store-unavailable": "The answer could not be stored.",
  "continuation-unsupported": "The answer was cut off, and this model cannot continue it.",
  "continuation-diverged": "The answer was cut off, and the model began again instead of continuing it.",
  "attempts-exhausted": "The answer was cut off too often.",
  internal: "Something went wrong on the server.",
};
