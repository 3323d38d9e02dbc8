/**
 * The provider that needs no key: answers from Typebar's own documentation, typed out through the very path a model's
 * answers take. Created by the program; asked by generation/ through ../provider/provider.ts.
 */
import { setTimeout as wait } from "node:timers/promises";
import { ProviderError } from "../provider/provider.ts";
import type { ListedModel, Provider, ProviderPart, ProviderRequest } from "../provider/provider.ts";
import { composeAnswer } from "./answer.ts";
import { readPages } from "./pages.ts";
import { splitIntoPieces } from "./pieces.ts";
import { createSearchIndex } from "./search-index.ts";
import type { SearchIndex } from "./search-index.ts";
import { toSections } from "./sections.ts";

export interface GuideOptions {
  /** Folder with `en/*.md`, `zh-CN/*.md` and the error pages; read at the first question, not before. */
  docsDir: string;
  /**
   * Pause after each piece (a word, or two Chinese characters), in milliseconds. 0 pauses nowhere.
   *
   * @defaultValue 20
   */
  paceMs?: number;
  /** Waits; rejects when `signal` is aborted. @defaultValue a timer */
  delay?: (delayMs: number, signal: AbortSignal) => Promise<void>;
}

export interface GuideProvider extends Provider {
  /** Lets go of the index. A later question builds it anew. */
  close(): void;
}

const defaultPaceMs = 20;
const guideModel: ListedModel = { id: "typebar/guide", name: "Typebar guide", provider: "typebar", kind: "guide" };

async function timer(delayMs: number, signal: AbortSignal): Promise<void> {
  await wait(delayMs, undefined, { signal });
}

export function createGuideProvider({ docsDir, paceMs = defaultPaceMs, delay = timer }: GuideOptions): GuideProvider {
  /** Set by the first question and kept, so that questions asked meanwhile share one index. */
  let building: Promise<SearchIndex> | undefined;

  async function buildIndex(): Promise<SearchIndex> {
    try {
      const pages = await readPages(docsDir);
      return createSearchIndex(pages.flatMap(toSections));
    } catch (cause) {
      building = undefined;
      throw new ProviderError("provider-unavailable", "The guide's documentation cannot be read.", { cause });
    }
  }

  async function* stream({ messages, continuation, signal }: ProviderRequest): AsyncGenerator<ProviderPart> {
    signal.throwIfAborted();
    building ??= buildIndex();
    const question = messages.findLast(({ role }) => role === "user")?.text ?? "";
    const { text, sources } = composeAnswer(question, await building);
    const keptText = continuation?.keptText ?? "";
    if (!text.startsWith(keptText)) {
      throw new ProviderError("continuation-unsupported", "The guide would answer otherwise now; ask it again.");
    }
    for (const piece of splitIntoPieces(text.slice(keptText.length))) {
      signal.throwIfAborted();
      yield { type: "text", text: piece };
      if (paceMs > 0) await pause();
    }
    for (const source of sources) yield { type: "source", ...source };
    yield { type: "finish", finishReason: "stop" };

    async function pause(): Promise<void> {
      try {
        await delay(paceMs, signal);
      } catch (error) {
        // A timer rejects with an error of its own; whoever aborted knows its reason only.
        signal.throwIfAborted();
        throw error;
      }
    }
  }

  return {
    name: guideModel.provider,
    continuations: ["resume"],
    takesFiles: false,
    listModels: () => Promise.resolve([guideModel]),
    stream,
    close() {
      void building?.then((index) => index.close()).catch(() => {});
      building = undefined;
    },
  };
}
