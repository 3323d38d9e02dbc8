/** Finds model servers on the usual loopback ports. Called by the composition root when no provider is configured. */
import * as v from "valibot";
import { isChatModel } from "./chat-models.ts";
import { openAIListSchema } from "./list-models.ts";
import { createOpenAICompatibleProvider } from "./openai-compatible.ts";
import type { Provider } from "./provider.ts";
import { createUpstreamFetch, type Fetch } from "./upstream-fetch.ts";

export interface LoopbackServer {
  /** Becomes the provider's name. */
  name: string;
  port: number;
}

export const usualLoopbackServers: readonly LoopbackServer[] = [
  { name: "ollama", port: 11434 },
  { name: "lmstudio", port: 1234 },
  { name: "llamacpp", port: 8080 },
  { name: "vllm", port: 8000 },
];

export interface DiscoverOptions {
  /** In the order of preference. @defaultValue {@link usualLoopbackServers} */
  ports?: readonly LoopbackServer[];
  /** @defaultValue a `fetch` without time limits of its own */
  fetch?: Fetch;
  /** How long each may take to list its models; all are asked at once. @defaultValue 400 */
  timeoutMs?: number;
}

/**
 * Only a server that lists at least one chat model counts; whatever else listens on these ports is left alone.
 * Never throws.
 */
export async function discoverLoopbackProviders(options: DiscoverOptions = {}): Promise<Provider[]> {
  const { ports = usualLoopbackServers, fetch = createUpstreamFetch(), timeoutMs = 400 } = options;
  const found = await Promise.all(
    ports.map(async ({ name, port }) => {
      const baseUrl = `http://127.0.0.1:${port}/v1`;
      const chats = await listsChatModel(`${baseUrl}/models`, fetch, timeoutMs);
      return chats ? [createOpenAICompatibleProvider({ name, baseUrl, fetch })] : [];
    }),
  );
  return found.flat();
}

async function listsChatModel(url: string, fetch: Fetch, timeoutMs: number): Promise<boolean> {
  const settled = new AbortController();
  try {
    const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(url, { signal, redirect: "error" });
    if (!response.ok) return false;
    const list = v.safeParse(openAIListSchema, await response.json());
    return list.success && (list.output.data ?? []).some((model) => isChatModel(model.id));
  } catch {
    // Nobody listens, or somebody who speaks otherwise.
    return false;
  } finally {
    // A stranger's body that was not read would keep its socket open.
    settled.abort();
  }
}
