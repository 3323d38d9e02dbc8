/** OpenAI's own service, by its Responses API. Called by configured.ts. */
import { createOpenAI } from "@ai-sdk/openai";
import { createHostedProvider, type HostedOptions } from "./hosted-provider.ts";
import { openAIListSchema } from "./list-models.ts";
import type { Provider } from "./provider.ts";

/** The list comes in no order; a small, current model is offered first. */
const preferences = [
  /^gpt-[5-9](\.\d+)?-mini$/u,
  /^gpt-[5-9](\.\d+)?$/u,
  /^gpt-4\.1-mini$/u,
  /^gpt-4o-mini$/u,
  /^gpt-/u,
];

export function createOpenAIProvider(options: HostedOptions): Provider {
  return createHostedProvider(options, {
    name: "openai",
    defaultBaseUrl: "https://api.openai.com/v1",
    list: {
      path: "/models",
      headers: { Authorization: `Bearer ${options.apiKey}` },
      schema: openAIListSchema,
      toListed: ({ data }) => data ?? [],
    },
    preferences,
    // Responses serves every current model, the reasoning ones included; the older chat completions do not.
    createModels: (settings) => createOpenAI(settings).responses,
    // The history is Typebar's: OpenAI need not keep a second copy.
    providerOptions: { openai: { store: false } },
  });
}
