/** Runs a provider to its end and sums up what it said. Used by the tests beside this file. */
import { type Provider, ProviderError, type ProviderPart, type ProviderRequest } from "../../src/provider/index.ts";

export interface Collected {
  text: string;
  reasoning: string;
  sources: { url: string; title?: string }[];
  finish: Extract<ProviderPart, { type: "finish" }> | undefined;
  error: unknown;
  parts: ProviderPart[];
}

export function toRequest(changes: Partial<ProviderRequest> = {}): ProviderRequest {
  return {
    model: "some-model",
    messages: [{ role: "user", text: "Hello?" }],
    signal: new AbortController().signal,
    ...changes,
  };
}

export async function collect(provider: Provider, request: ProviderRequest = toRequest()): Promise<Collected> {
  const parts: ProviderPart[] = [];
  let error: unknown;
  try {
    for await (const part of provider.stream(request)) parts.push(part);
  } catch (thrown) {
    error = thrown;
  }
  const join = (type: "text" | "reasoning"): string =>
    parts.flatMap((part) => (part.type === type ? [part.text] : [])).join("");
  return {
    text: join("text"),
    reasoning: join("reasoning"),
    sources: parts.flatMap((part) =>
      part.type === "source" ? [{ url: part.url, ...(part.title === undefined ? {} : { title: part.title }) }] : [],
    ),
    finish: parts.find((part) => part.type === "finish"),
    error,
    parts,
  };
}

/** Code, safe message and wait of a failure; throws if it is no ProviderError. */
export function toFailure(error: unknown): { code: string; message: string; retryAfterMs: number | undefined } {
  if (!(error instanceof ProviderError)) throw new Error("Not a ProviderError", { cause: error });
  return { code: error.code, message: error.message, retryAfterMs: error.retryAfterMs };
}
