/** A provider's list of models over HTTP -> our Models. Called by every provider beside this file. */
import { APICallError } from "@ai-sdk/provider";
import * as v from "valibot";
import { isChatModel, orderModels } from "./chat-models.ts";
import type { ListedModel as OurModel } from "./provider.ts";
import { toProviderError } from "./provider-failure.ts";
import type { Fetch } from "./upstream-fetch.ts";

export interface ListedModel {
  id: string;
  name?: string;
}

interface FetchListOptions<Schema extends v.GenericSchema> {
  providerName: string;
  url: string;
  headers: Record<string, string>;
  schema: Schema;
  fetch: Fetch;
  signal: AbortSignal;
}

/** @throws {ProviderError} with the same codes as an answer; an abort of `signal` is thrown as its reason. */
export async function fetchList<Schema extends v.GenericSchema>(
  options: FetchListOptions<Schema>,
): Promise<v.InferOutput<Schema>> {
  const { providerName, url, headers, fetch, signal } = options;
  try {
    const response = await fetch(url, { headers, signal });
    if (!response.ok) {
      throw new APICallError({
        message: `HTTP ${response.status}`,
        url,
        requestBodyValues: undefined,
        statusCode: response.status,
        responseHeaders: Object.fromEntries(response.headers),
        responseBody: await response.text(),
      });
    }
    return v.parse(options.schema, await response.json());
  } catch (error) {
    signal.throwIfAborted();
    throw toProviderError(error, { providerName, continues: false, nowMs: Date.now() });
  }
}

/** Leaves out what does not chat, unless nothing else is there: then the names deceive. */
export function toModels(
  providerName: string,
  listed: readonly ListedModel[],
  preferences: readonly RegExp[] = [],
): OurModel[] {
  const chatting = listed.filter((model) => isChatModel(model.id));
  const shown = orderModels(chatting.length === 0 ? listed : chatting, (model) => model.id, preferences);
  return shown.map((model) => ({
    id: `${providerName}/${model.id}`,
    name: model.name ?? model.id,
    provider: providerName,
    kind: "language-model",
  }));
}

/** `GET /v1/models` of OpenAI and all who copy it. Ollama without a model answers `"data": null`. */
export const openAIListSchema: v.GenericSchema<
  unknown,
  { data: { id: string; owned_by?: string | null | undefined }[] | null }
> = v.object({
  data: v.nullable(v.array(v.object({ id: v.string(), owned_by: v.nullish(v.string()) }))),
});
