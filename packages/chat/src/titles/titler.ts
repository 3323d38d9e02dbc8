/**
 * Asks a model for the title of a conversation that has its first answer, in the background. Told of ended generations by
 * generation/generations, where the program wants it. A conversation whose title cannot be had keeps its first words.
 */
import type { ProviderRegistry } from "../provider/registry.ts";
import { ProviderError } from "../provider/provider.ts";
import type { GenerationRow } from "../store/rows.ts";
import type { TitleStore } from "../store/titles.ts";
import { parseTitle, toTitlePrompt } from "./title-prompt.ts";

export interface TitlerOptions {
  store: TitleStore;
  providers: ProviderRegistry;
  /** Told of errors that are nobody's but ours. */
  report: (message: string, error: unknown, details: { generationId: string }) => void;
  /** How long a model may take, in milliseconds. @defaultValue 30000 */
  timeoutMs?: number;
  /** Of how many conversations at once; others wait. @defaultValue 4 */
  maxAtOnce?: number;
  /** How many may wait; further ones keep their first words. @defaultValue 100 */
  maxWaiting?: number;
}

export interface Titler extends AsyncDisposable {
  /** A generation has ended and is stored. Returns at once. */
  onEnded(generation: GenerationRow): void;
  /** Settles when nothing is asked and nothing waits. */
  settled(): Promise<void>;
}

/** Room for a model that thinks before it speaks. */
const maxOutputTokens = 1000;
/** A model that says more is not giving a title. */
const maxSaidChars = 1000;

export function createTitler(options: TitlerOptions): Titler {
  const { store, providers, report, timeoutMs = 30_000, maxAtOnce = 4, maxWaiting = 100 } = options;
  const closing = new AbortController();
  const waiting: GenerationRow[] = [];
  const working = new Set<Promise<void>>();

  function begin(): void {
    while (working.size < maxAtOnce) {
      const generation = waiting.shift();
      if (!generation) return;
      const work: Promise<void> = title(generation)
        .catch((error: unknown) => {
          if (!closing.signal.aborted) report("a title could not be stored", error, { generationId: generation.id });
        })
        .finally(() => {
          working.delete(work);
          begin();
        });
      working.add(work);
    }
  }

  async function title(generation: GenerationRow): Promise<void> {
    const untitled = await store.findUntitled(generation.id);
    if (!untitled) return;
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]);
    const prompt = toTitlePrompt(untitled.question, untitled.answer);
    const said = await ask(generation.model, prompt, signal).catch((error: unknown) => {
      // It costs nobody anything but a title.
      if (signal.aborted || error instanceof ProviderError) return "";
      throw error;
    });
    const found = parseTitle(said);
    if (found !== undefined) await store.replace(untitled, found);
  }

  /** Empty where there is no language model to be asked. */
  async function ask(modelId: string, prompt: string, signal: AbortSignal): Promise<string> {
    const { models } = await providers.list(signal);
    const chosen = providers.resolve(modelId);
    // One that is not listed is a language model: the guide always is.
    if (!chosen || models.find(({ id }) => id === modelId)?.kind === "guide") return "";
    const parts = chosen.provider.stream({
      model: chosen.model,
      messages: [{ role: "user", text: prompt }],
      settings: { maxOutputTokens },
      signal,
    });
    let said = "";
    for await (const part of parts) {
      if (part.type === "text") said += part.text;
      if (said.length > maxSaidChars) break;
    }
    return said;
  }

  async function settled(): Promise<void> {
    while (working.size > 0) await Promise.all(working);
  }

  return {
    onEnded(generation) {
      // An answer with a prompt of its own is in no list.
      if (closing.signal.aborted || generation.prompt !== null || waiting.length >= maxWaiting) return;
      waiting.push(generation);
      begin();
    },
    settled,
    async [Symbol.asyncDispose]() {
      closing.abort();
      waiting.length = 0;
      await settled();
    },
  };
}
