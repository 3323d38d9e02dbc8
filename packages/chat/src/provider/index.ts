/** What the rest of chat/ and the composition root take from here. The AI SDK stays inside this folder. */
export { createAnthropicProvider } from "./anthropic.ts";
export { createConfiguredProviders, type ProviderConfig } from "./configured.ts";
export {
  discoverLoopbackProviders,
  type DiscoverOptions,
  type LoopbackServer,
  usualLoopbackServers,
} from "./discover.ts";
export { createGoogleProvider } from "./google.ts";
export type { HostedOptions } from "./hosted-provider.ts";
export type { PrefillStyle } from "./known-servers.ts";
export { createOpenAICompatibleProvider, type OpenAICompatibleOptions } from "./openai-compatible.ts";
export { createOpenAIProvider } from "./openai.ts";
export {
  type ContinuationRung,
  type Provider,
  ProviderError,
  type ProviderMessage,
  type ProviderPart,
  type ProviderRequest,
  type ProviderSettings,
  type ProviderTool,
  type ToolCall,
} from "./provider.ts";
export {
  createProviderRegistry,
  type ProviderRegistry,
  type ProviderRegistryOptions,
  type ResolvedModel,
} from "./registry.ts";
export { continueInstruction } from "./to-prompt.ts";
export { createUpstreamFetch, type Fetch } from "./upstream-fetch.ts";
