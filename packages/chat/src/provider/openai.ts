/** OpenAI's own service, by its Responses API. Called by configured.ts. */
import { createOpenAI } from "@ai-sdk/openai";
import { fetchList, openAIListSchema, toModels } from "./list-models.ts";
import type { ContinuationRung, Provider } from "./provider.ts";
import { streamModel } from "./stream-model.ts";
import { toPrompt } from "./to-prompt.ts";
import { createUpstreamFetch, type Fetch, refuseHtml } from "./upstream-fetch.ts";

export interface OpenAIOptions {
  apiKey: string;
  /** @defaultValue "https://api.openai.com/v1" */
  baseUrl?: string;
  /** @defaultValue a `fetch` without time limits */
  fetch?: Fetch;
}

/** OpenAI's models begin a new message after a trailing assistant message: no prefill. */
const continuations: readonly ContinuationRung[] = ["prompt"];

/** The list comes in no order; a small, current model is offered first. */
const preferences = [
  /^gpt-[5-9](\.\d+)?-mini$/u,
  /^gpt-[5-9](\.\d+)?$/u,
  /^gpt-4\.1-mini$/u,
  /^gpt-4o-mini$/u,
  /^gpt-/u,
];

export function createOpenAIProvider(options: OpenAIOptions): Provider {
  const name = "openai";
  const baseUrl = (options.baseUrl ?? "https://api.openai.com/v1").replace(/\/+$/u, "");
  const fetch = refuseHtml(options.fetch ?? createUpstreamFetch(), name);
  const openai = createOpenAI({ apiKey: options.apiKey, baseURL: baseUrl, fetch });
  return {
    name,
    continuations,
    listModels: async (signal) => {
      const list = await fetchList({
        providerName: name,
        url: `${baseUrl}/models`,
        headers: { Authorization: `Bearer ${options.apiKey}` },
        schema: openAIListSchema,
        fetch,
        signal,
      });
      return toModels(name, list.data ?? [], preferences);
    },
    stream: (request) =>
      streamModel({
        providerName: name,
        continuations,
        request,
        prepare: async () => ({
          // Responses serves every current model, the reasoning ones included; the older chat completions do not.
          model: openai.responses(request.model),
          // The history is Typebar's: OpenAI need not keep a second copy.
          callOptions: { prompt: toPrompt(request), providerOptions: { openai: { store: false } } },
        }),
      }),
  };
}
