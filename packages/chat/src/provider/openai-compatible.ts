/** Any server that speaks OpenAI's chat completions: DeepSeek, Qwen, Ollama, vLLM, llama.cpp and many more. Called by configured.ts and discover.ts. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4, SharedV4ProviderOptions } from "@ai-sdk/provider";
import { endAfterFinish } from "./end-after-finish.ts";
import { findKnownServer, type PrefillStyle } from "./known-servers.ts";
import { fetchList, openAIListSchema, toModels } from "./list-models.ts";
import type { ContinuationRung, Provider, ProviderRequest } from "./provider.ts";
import { createRecentMap } from "./recent-map.ts";
import { streamModel } from "./stream-model.ts";
import { toPrompt } from "./to-prompt.ts";
import { createUpstreamFetch, type Fetch, refuseHtml } from "./upstream-fetch.ts";

export interface OpenAICompatibleOptions {
  /** The prefix in `provider/model`; lower case, no slash. */
  name: string;
  /** Up to and including `/v1`, or whatever stands before `/chat/completions`. */
  baseUrl: string;
  /** @defaultValue none is sent */
  apiKey?: string;
  /** @defaultValue told by the host, then by whether `/models` says that vLLM answers, else `plain` */
  prefillStyle?: PrefillStyle;
  /** @defaultValue a `fetch` without time limits */
  fetch?: Fetch;
  /** How long a stream may last after its finish reason, in milliseconds; then it is ended here. @defaultValue 5000 */
  finishGraceMs?: number;
}

const defaultFinishGraceMs = 5000;
const continuations: readonly ContinuationRung[] = ["prefill", "prompt"];

const messageOptions: Record<PrefillStyle, SharedV4ProviderOptions | undefined> = {
  plain: undefined,
  vllm: undefined,
  prefix: { openaiCompatible: { prefix: true } },
  partial: { openaiCompatible: { partial: true } },
};

export function createOpenAICompatibleProvider(options: OpenAICompatibleOptions): Provider {
  const { name } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/u, "");
  const fetch = endAfterFinish(
    refuseHtml(options.fetch ?? createUpstreamFetch(), name),
    options.finishGraceMs ?? defaultFinishGraceMs,
  );
  const headers: Record<string, string> =
    options.apiKey === undefined ? {} : { Authorization: `Bearer ${options.apiKey}` };
  const server = findKnownServer(baseUrl);
  const settings = { name, headers, fetch, includeUsage: server?.refusesStreamOptions !== true };

  // A model's parser costs more to build than a short answer to parse.
  const getModel = createRecentMap(32, createOpenAICompatible({ ...settings, baseURL: baseUrl }));
  const prefillUrl = server?.prefillPath === undefined ? baseUrl : new URL(server.prefillPath, baseUrl).href;
  const getPrefillModel = createRecentMap(32, createOpenAICompatible({ ...settings, baseURL: prefillUrl }));
  const getVllmModel = createRecentMap(
    32,
    createOpenAICompatible({
      ...settings,
      baseURL: baseUrl,
      transformRequestBody: (body) => ({ ...body, continue_final_message: true, add_generation_prompt: false }),
    }),
  );

  let isVllm: boolean | undefined;
  const fetchModels = async (signal: AbortSignal): Promise<{ id: string }[]> => {
    const list = await fetchList({
      providerName: name,
      url: `${baseUrl}/models`,
      headers,
      schema: openAIListSchema,
      fetch,
      signal,
    });
    const listed = list.data ?? [];
    isVllm = listed.some((model) => model.owned_by === "vllm");
    return listed;
  };

  const findPrefillStyle = async (signal: AbortSignal): Promise<PrefillStyle> => {
    const known = options.prefillStyle ?? server?.prefillStyle;
    if (known !== undefined) return known;
    if (isVllm === undefined) {
      try {
        await fetchModels(signal);
      } catch {
        // A server without a list is asked the plain way; if it is down, the request itself will say so.
        signal.throwIfAborted();
      }
    }
    return isVllm === true ? "vllm" : "plain";
  };

  const prepare = async (
    request: ProviderRequest,
  ): Promise<{ model: LanguageModelV4; callOptions: { prompt: ReturnType<typeof toPrompt> } }> => {
    if (request.continuation?.rung !== "prefill") {
      return { model: getModel(request.model), callOptions: { prompt: toPrompt(request) } };
    }
    const style = await findPrefillStyle(request.signal);
    const model = style === "vllm" ? getVllmModel(request.model) : getPrefillModel(request.model);
    return { model, callOptions: { prompt: toPrompt(request, messageOptions[style]) } };
  };

  return {
    name,
    continuations,
    listModels: async (signal) => toModels(name, await fetchModels(signal)),
    stream: (request) =>
      streamModel({
        providerName: name,
        continuations,
        request,
        thinksInline: true,
        prepare: async () => prepare(request),
      }),
  };
}
