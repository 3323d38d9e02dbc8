/** A service with an address of its own and a key -> a Provider. Called by openai.ts, anthropic.ts and google.ts, which say what sets them apart. */
import type { LanguageModelV4 } from "@ai-sdk/provider";
import type * as v from "valibot";
import { fetchList, type ListedModel, toModels } from "./list-models.ts";
import type { ContinuationRung, Provider } from "./provider.ts";
import { type CallOptions, streamModel } from "./stream-model.ts";
import { toPrompt } from "./to-prompt.ts";
import { createUpstreamFetch, type Fetch, refuseHtml } from "./upstream-fetch.ts";

export interface HostedOptions {
  apiKey: string;
  /** @defaultValue the service's own address */
  baseUrl?: string;
  /** @defaultValue a `fetch` without time limits */
  fetch?: Fetch;
}

interface HostedService<Schema extends v.GenericSchema> {
  /** The prefix in `provider/model`. */
  name: string;
  defaultBaseUrl: string;
  list: {
    /** Below the base URL. */
    path: string;
    headers: Record<string, string>;
    schema: Schema;
    toListed: (list: v.InferOutput<Schema>) => readonly ListedModel[];
  };
  /** Of the list's models, the first that is like the first of these is offered first. */
  preferences: readonly RegExp[];
  createModels: (settings: { apiKey: string; baseURL: string; fetch: Fetch }) => (model: string) => LanguageModelV4;
  /** What only this service is told with each question. */
  providerOptions?: CallOptions["providerOptions"];
}

/**
 * No prefill: OpenAI's models begin a new message after a trailing assistant message; of Anthropic's only older ones take
 * one, and the SDK trims its trailing white space. The prompt is right for all.
 */
const continuations: readonly ContinuationRung[] = ["prompt"];

export function createHostedProvider<Schema extends v.GenericSchema>(
  { apiKey, ...options }: HostedOptions,
  service: HostedService<Schema>,
): Provider {
  const { name, list, preferences, providerOptions } = service;
  const baseUrl = (options.baseUrl ?? service.defaultBaseUrl).replace(/\/+$/u, "");
  const fetch = refuseHtml(options.fetch ?? createUpstreamFetch(), name);
  const toModel = service.createModels({ apiKey, baseURL: baseUrl, fetch });
  return {
    name,
    continuations,
    async listModels(signal) {
      const { headers, schema } = list;
      const listed = await fetchList({ providerName: name, url: baseUrl + list.path, headers, schema, fetch, signal });
      return toModels(name, list.toListed(listed), preferences);
    },
    stream: (request) =>
      streamModel({
        providerName: name,
        continuations,
        request,
        prepare: async () => ({
          model: toModel(request.model),
          callOptions: { prompt: toPrompt(request), ...(providerOptions && { providerOptions }) },
        }),
      }),
  };
}
