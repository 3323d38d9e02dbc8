/** Keys and base URL of the configuration -> providers. Called by the composition root. */
import { createAnthropicProvider } from "./anthropic.ts";
import { createGoogleProvider } from "./google.ts";
import { findKnownServer, isOpenAI } from "./known-servers.ts";
import { createOpenAICompatibleProvider } from "./openai-compatible.ts";
import { createOpenAIProvider } from "./openai.ts";
import type { Provider } from "./provider.ts";
import type { Fetch } from "./upstream-fetch.ts";

export interface ProviderConfig {
  /** `OPENAI_BASE_URL`: an OpenAI-compatible server, up to and including `/v1`. */
  openaiBaseUrl?: string | undefined;
  /** `OPENAI_API_KEY`: sent to `openaiBaseUrl`; without one, to OpenAI's own service. */
  openaiApiKey?: string | undefined;
  /** `ANTHROPIC_API_KEY` */
  anthropicApiKey?: string | undefined;
  /** `GOOGLE_GENERATIVE_AI_API_KEY` */
  googleApiKey?: string | undefined;
  /** @defaultValue a `fetch` without time limits */
  fetch?: Fetch;
}

/**
 * In the order in which they are preferred; empty if nothing is configured.
 *
 * @throws {TypeError} `openaiBaseUrl` is no http or https URL.
 */
export function createConfiguredProviders(config: ProviderConfig): Provider[] {
  const { openaiBaseUrl, openaiApiKey, anthropicApiKey, googleApiKey } = config;
  const common = config.fetch === undefined ? {} : { fetch: config.fetch };
  const providers: Provider[] = [];
  if (openaiBaseUrl !== undefined) assertHttpUrl(openaiBaseUrl);
  if (openaiBaseUrl !== undefined && !(isOpenAI(openaiBaseUrl) && openaiApiKey !== undefined)) {
    const name = findKnownServer(openaiBaseUrl)?.name ?? "openai-compatible";
    const key = openaiApiKey === undefined ? {} : { apiKey: openaiApiKey };
    providers.push(createOpenAICompatibleProvider({ name, baseUrl: openaiBaseUrl, ...key, ...common }));
  } else if (openaiApiKey !== undefined) {
    const baseUrl = openaiBaseUrl === undefined ? {} : { baseUrl: openaiBaseUrl };
    providers.push(createOpenAIProvider({ apiKey: openaiApiKey, ...baseUrl, ...common }));
  }
  if (anthropicApiKey !== undefined) providers.push(createAnthropicProvider({ apiKey: anthropicApiKey, ...common }));
  if (googleApiKey !== undefined) providers.push(createGoogleProvider({ apiKey: googleApiKey, ...common }));
  return providers;
}

function assertHttpUrl(text: string): void {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new TypeError("OPENAI_BASE_URL is no http or https URL");
  }
}
