/** Anthropic's Messages API. Called by configured.ts. */
import { createAnthropic } from "@ai-sdk/anthropic";
import * as v from "valibot";
import { fetchList, toModels } from "./list-models.ts";
import type { ContinuationRung, Provider } from "./provider.ts";
import { streamModel } from "./stream-model.ts";
import { toPrompt } from "./to-prompt.ts";
import { createUpstreamFetch, type Fetch, refuseHtml } from "./upstream-fetch.ts";

export interface AnthropicOptions {
  apiKey: string;
  /** @defaultValue "https://api.anthropic.com/v1" */
  baseUrl?: string;
  /** @defaultValue a `fetch` without time limits */
  fetch?: Fetch;
}

/** Only older models take a prefill, and the SDK trims its trailing white space: the prompt is right for all. */
const continuations: readonly ContinuationRung[] = ["prompt"];

/** The list comes newest first. */
const preferences = [/sonnet/u, /haiku/u];

const listSchema = v.object({ data: v.array(v.object({ id: v.string(), display_name: v.optional(v.string()) })) });

export function createAnthropicProvider(options: AnthropicOptions): Provider {
  const name = "anthropic";
  const baseUrl = (options.baseUrl ?? "https://api.anthropic.com/v1").replace(/\/+$/u, "");
  const fetch = refuseHtml(options.fetch ?? createUpstreamFetch(), name);
  const anthropic = createAnthropic({ apiKey: options.apiKey, baseURL: baseUrl, fetch });
  return {
    name,
    continuations,
    listModels: async (signal) => {
      const list = await fetchList({
        providerName: name,
        url: `${baseUrl}/models?limit=1000`,
        headers: { "x-api-key": options.apiKey, "anthropic-version": "2023-06-01" },
        schema: listSchema,
        fetch,
        signal,
      });
      const models = list.data.map(({ id, display_name }) => ({ id, name: display_name ?? id }));
      return toModels(name, models, preferences);
    },
    stream: (request) =>
      streamModel({
        providerName: name,
        continuations,
        request,
        prepare: async () => ({ model: anthropic(request.model), callOptions: { prompt: toPrompt(request) } }),
      }),
  };
}
