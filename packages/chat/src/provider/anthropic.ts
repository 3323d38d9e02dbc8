/** Anthropic's Messages API. Called by configured.ts. */
import { createAnthropic } from "@ai-sdk/anthropic";
import * as v from "valibot";
import { createHostedProvider, type HostedOptions } from "./hosted-provider.ts";
import type { Provider } from "./provider.ts";

/** The list comes newest first. */
const preferences = [/sonnet/u, /haiku/u];

const listSchema = v.object({ data: v.array(v.object({ id: v.string(), display_name: v.optional(v.string()) })) });

export function createAnthropicProvider(options: HostedOptions): Provider {
  return createHostedProvider(options, {
    name: "anthropic",
    defaultBaseUrl: "https://api.anthropic.com/v1",
    list: {
      path: "/models?limit=1000",
      headers: { "x-api-key": options.apiKey, "anthropic-version": "2023-06-01" },
      schema: listSchema,
      toListed: ({ data }) => data.map(({ id, display_name: name = id }) => ({ id, name })),
    },
    preferences,
    createModels: createAnthropic,
  });
}
