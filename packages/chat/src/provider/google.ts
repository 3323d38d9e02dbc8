/** Google's Gemini API. Called by configured.ts. */
import { createGoogle } from "@ai-sdk/google";
import * as v from "valibot";
import { createHostedProvider, type HostedOptions } from "./hosted-provider.ts";
import type { ListedModel } from "./list-models.ts";
import type { Provider } from "./provider.ts";

const preferences = [/^gemini-[\d.]+-flash$/u, /flash/u, /^gemini-/u];

const listSchema = v.object({
  models: v.optional(
    v.array(
      v.object({
        name: v.string(),
        displayName: v.optional(v.string()),
        supportedGenerationMethods: v.optional(v.array(v.string())),
      }),
    ),
    [],
  ),
});

export function createGoogleProvider(options: HostedOptions): Provider {
  return createHostedProvider(options, {
    name: "google",
    defaultBaseUrl: "https://generativelanguage.googleapis.com/v1beta",
    list: {
      path: "/models?pageSize=1000",
      headers: { "x-goog-api-key": options.apiKey },
      schema: listSchema,
      toListed,
    },
    preferences,
    createModels: createGoogle,
  });
}

function toListed({ models }: v.InferOutput<typeof listSchema>): ListedModel[] {
  const answering = models.filter((model) => model.supportedGenerationMethods?.includes("generateContent") ?? true);
  // Oldest come first; the newest of the preferred kind is to be found first.
  return answering.toReversed().map((model) => {
    const id = model.name.replace(/^models\//u, "");
    return { id, name: model.displayName ?? id };
  });
}
