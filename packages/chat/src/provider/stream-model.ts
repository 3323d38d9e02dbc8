/** One request to an AI SDK model -> ProviderParts. Called by every provider beside this file. */
import type { LanguageModelV4, LanguageModelV4StreamPart, LanguageModelV4Usage } from "@ai-sdk/provider";
import type { Usage } from "../protocol.ts";
import { incomplete, toProviderError } from "./provider-failure.ts";
import { type ContinuationRung, ProviderError, type ProviderPart, type ProviderRequest } from "./provider.ts";
import { createTextJoiner } from "./text-joiner.ts";
import { toCallOptions } from "./to-call-options.ts";
import { createToolInputs, isToolPart } from "./tool-inputs.ts";
import { createThinkSplitter, type ThinkSplitter } from "./think-splitter.ts";

export type CallOptions = Parameters<LanguageModelV4["doStream"]>[0];
type FinishPart = Extract<LanguageModelV4StreamPart, { type: "finish" }>;

interface StreamModelOptions {
  providerName: string;
  /** The rungs this provider takes. */
  continuations: readonly ContinuationRung[];
  request: ProviderRequest;
  /** Whether thoughts may come as `<think>…</think>` at the start of the text. @defaultValue false */
  thinksInline?: boolean;
  /** The model and what to ask it. Called once, when the first part is wanted. */
  prepare: () => Promise<{ model: LanguageModelV4; callOptions: Omit<CallOptions, "abortSignal"> }>;
}

/** Once the loop is left, or `request.signal` is aborted, the upstream socket is closed. Nothing is tried twice. */
export async function* streamModel(options: StreamModelOptions): AsyncGenerator<ProviderPart, void, undefined> {
  const { providerName, request } = options;
  const rung = request.continuation?.rung;
  request.signal.throwIfAborted();
  if (rung !== undefined && !options.continuations.includes(rung)) {
    throw new ProviderError("continuation-unsupported", `${providerName} does not go on with an answer this way.`);
  }
  const left = new AbortController();
  try {
    const { model, callOptions } = await options.prepare();
    const abortSignal = AbortSignal.any([request.signal, left.signal]);
    const { stream } = await model.doStream({ ...toCallOptions(request.settings ?? {}), ...callOptions, abortSignal });
    // After a prefill the text goes on in the middle, where such a tag means nothing.
    const splitter = options.thinksInline === true && rung !== "prefill" ? createThinkSplitter() : undefined;
    yield* toParts(stream.getReader(), providerName, splitter);
  } catch (error) {
    request.signal.throwIfAborted();
    throw toProviderError(error, { providerName, continues: rung !== undefined, nowMs: Date.now() });
  } finally {
    left.abort();
  }
}

async function* toParts(
  reader: ReadableStreamDefaultReader<LanguageModelV4StreamPart>,
  providerName: string,
  splitter: ThinkSplitter | undefined,
): AsyncGenerator<ProviderPart, void, undefined> {
  const joiners = { text: createTextJoiner(), reasoning: createTextJoiner() };
  const toolInputs = createToolInputs();
  for (;;) {
    const { done, value: part } = await reader.read();
    if (done) throw incomplete(providerName);
    // Files and the SDK's bookkeeping are passed over: nothing that a plain answer shows.
    if (part.type === "text-delta" || part.type === "reasoning-delta") {
      const type = part.type === "text-delta" ? "text" : "reasoning";
      const text = joiners[type].add(part.delta);
      if (type === "text" && splitter !== undefined) yield* splitter.add(text);
      else if (text !== "") yield { type, text };
    } else if (part.type === "text-end" || part.type === "reasoning-end") {
      const type = part.type === "text-end" ? "text" : "reasoning";
      const text = joiners[type].flush();
      if (type === "text" && splitter !== undefined) yield* [...splitter.add(text), ...splitter.flush()];
      else if (text !== "") yield { type, text };
    } else if (isToolPart(part)) {
      yield* toolInputs.add(part);
    } else if (part.type === "source" && part.sourceType === "url") {
      const title = part.title === undefined ? {} : { title: part.title };
      yield { type: "source", sourceId: part.id, url: part.url, ...title };
    } else if (part.type === "error") {
      throw part.error;
    } else if (part.type === "finish") {
      yield toFinish(part, providerName);
      return;
    }
  }
}

/** The AI SDK packages make up a finish part when the upstream ended without one: that is a failure here. */
function toFinish({ finishReason, usage }: FinishPart, providerName: string): ProviderPart {
  const { unified, raw } = finishReason;
  if (unified === "interrupted" || (unified === "other" && raw === undefined)) throw incomplete(providerName);
  if (unified === "error") {
    throw new ProviderError("provider-error", `${providerName} stopped the answer because of an error.`);
  }
  const counted = toUsage(usage);
  return { type: "finish", finishReason: unified, ...(counted === undefined ? {} : { usage: counted }) };
}

function toUsage({ inputTokens, outputTokens }: LanguageModelV4Usage): Usage | undefined {
  const usage: Usage = {
    ...(inputTokens.total === undefined ? {} : { inputTokens: inputTokens.total }),
    ...(outputTokens.total === undefined ? {} : { outputTokens: outputTokens.total }),
    ...(outputTokens.reasoning === undefined ? {} : { reasoningTokens: outputTokens.reasoning }),
  };
  return Object.keys(usage).length === 0 ? undefined : usage;
}
