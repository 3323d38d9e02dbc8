/** A provider that says what the test scripted, and remembers what it was asked. */
import type {
  ContinuationRung,
  ListedModel,
  Provider,
  ProviderPart,
  ProviderRequest,
} from "../../src/provider/provider.ts";

export type Speech = (request: ProviderRequest) => AsyncGenerator<ProviderPart, void, undefined>;

export interface FakeProvider extends Provider {
  readonly requests: ProviderRequest[];
  /** How many of the requests are still being answered. */
  readonly speaking: number;
  /** What is said to this question; {@link echo} where nothing was scripted. */
  script(question: string, speech: Speech): void;
  listModels: (signal: AbortSignal) => Promise<ListedModel[]>;
}

export const finish: ProviderPart = {
  type: "finish",
  finishReason: "stop",
  usage: { inputTokens: 3, outputTokens: 5 },
};
export const say = (text: string): ProviderPart => ({ type: "text", text });
export const think = (text: string): ProviderPart => ({ type: "reasoning", text });

/** What is said to a question that was not scripted. */
export const echoOf = (question: string): string => `You asked: ${question} 你好 👩‍🚀.`;

async function* echo({ messages }: ProviderRequest): AsyncGenerator<ProviderPart> {
  for (const piece of echoOf(messages.at(-1)?.text ?? "").match(/[^]{1,7}/gu) ?? []) yield say(piece);
  yield finish;
}

/** Fails before the first word. */
export const failing = (error: Error): Speech =>
  async function* () {
    yield* [];
    throw error;
  };

/** Never settles, but rejects when the signal is aborted: as a provider's silent connection does. */
export function silence(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
}

export function createFakeProvider(
  options: { name?: string; continuations?: readonly ContinuationRung[] } = {},
): FakeProvider {
  const { name = "fake", continuations = [] } = options;
  const speeches = new Map<string, Speech>();
  const requests: ProviderRequest[] = [];
  let speaking = 0;
  return {
    name,
    continuations,
    requests,
    get speaking() {
      return speaking;
    },
    script: (question, speech) => void speeches.set(question, speech),
    listModels: async () => [
      { id: `${name}/one`, name: "One", provider: name, kind: "language-model" },
      { id: `${name}/two`, name: "Two", provider: name, kind: "language-model" },
    ],
    async *stream(request) {
      requests.push(request);
      speaking += 1;
      try {
        yield* (speeches.get(request.messages.at(-1)?.text ?? "") ?? echo)(request);
      } finally {
        speaking -= 1;
      }
    },
  };
}
