/** Google's Gemini API. Called by configured.ts. */
import { createGoogle } from "@ai-sdk/google";
import * as v from "valibot";
import { fetchList, toModels } from "./list-models.ts";
import type { ContinuationRung, Provider } from "./provider.ts";
import { streamModel } from "./stream-model.ts";
import { toPrompt } from "./to-prompt.ts";
import { createUpstreamFetch, type Fetch, refuseHtml } from "./upstream-fetch.ts";

export interface GoogleOptions {
  apiKey: string;
  /** @defaultValue "https://generativelanguage.googleapis.com/v1beta" */
  baseUrl?: string;
  /** @defaultValue a `fetch` without time limits */
  fetch?: Fetch;
}

const continuations: readonly ContinuationRung[] = ["prompt"];

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

export function createGoogleProvider(options: GoogleOptions): Provider {
  const name = "google";
  const baseUrl = (options.baseUrl ?? "https://generativelanguage.googleapis.com/v1beta").replace(/\/+$/u, "");
  const fetch = refuseHtml(options.fetch ?? createUpstreamFetch(), name);
  const google = createGoogle({ apiKey: options.apiKey, baseURL: baseUrl, fetch });
  return {
    name,
    continuations,
    listModels: async (signal) => {
      const list = await fetchList({
        providerName: name,
        url: `${baseUrl}/models?pageSize=1000`,
        headers: { "x-goog-api-key": options.apiKey },
        schema: listSchema,
        fetch,
        signal,
      });
      const answering = list.models.filter(
        (model) => model.supportedGenerationMethods?.includes("generateContent") ?? true,
      );
      // Oldest come first; the newest of the preferred kind is to be found first.
      const models = answering.toReversed().map((model) => {
        const id = model.name.replace(/^models\//u, "");
        return { id, name: model.displayName ?? id };
      });
      return toModels(name, models, preferences);
    },
    stream: (request) =>
      streamModel({
        providerName: name,
        continuations,
        request,
        prepare: async () => ({ model: google(request.model), callOptions: { prompt: toPrompt(request) } }),
      }),
  };
}
