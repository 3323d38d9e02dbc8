/** What is peculiar to well-known OpenAI-compatible servers, told by their host. Called by openai-compatible.ts and configured.ts. */

/**
 * How a server wants to be told to go on with a trailing assistant message.
 * - `plain`: it does so by itself.
 * - `prefix`, `partial`: a field of that name, `true`, on the message.
 * - `vllm`: `continue_final_message` and no `add_generation_prompt` in the body.
 */
export type PrefillStyle = "plain" | "prefix" | "partial" | "vllm";

interface KnownServer {
  host: RegExp;
  name: string;
  prefillStyle?: PrefillStyle;
  /** Where prefill is served, if not at the base URL. */
  prefillPath?: string;
  /** Says that `stream_options` is refused; usage comes without asking. */
  refusesStreamOptions?: true;
}

/**
 * @see https://api-docs.deepseek.com/guides/chat_prefix_completion
 * @see https://docs.mistral.ai/capabilities/completion/usage
 * @see https://help.aliyun.com/zh/model-studio/partial-mode
 */
const knownServers: readonly KnownServer[] = [
  { host: /(^|\.)deepseek\.com$/u, name: "deepseek", prefillStyle: "prefix", prefillPath: "/beta" },
  { host: /^dashscope[\w-]*\.aliyuncs\.com$/u, name: "qwen", prefillStyle: "partial" },
  { host: /(^|\.)mistral\.ai$/u, name: "mistral", prefillStyle: "prefix", refusesStreamOptions: true },
  { host: /(^|\.)moonshot\.(cn|ai)$/u, name: "moonshot", prefillStyle: "partial" },
  { host: /(^|\.)openrouter\.ai$/u, name: "openrouter", prefillStyle: "plain" },
  { host: /(^|\.)groq\.com$/u, name: "groq", prefillStyle: "plain" },
  { host: /(^|\.)together\.(ai|xyz)$/u, name: "together", prefillStyle: "plain" },
  { host: /(^|\.)fireworks\.ai$/u, name: "fireworks", prefillStyle: "plain" },
  { host: /(^|\.)siliconflow\.(cn|com)$/u, name: "siliconflow", prefillStyle: "plain" },
  { host: /^api\.x\.ai$/u, name: "xai", prefillStyle: "plain" },
];

/** The server behind a base URL; `undefined` if it is none of the known. */
export function findKnownServer(baseUrl: string): Omit<KnownServer, "host"> | undefined {
  const { hostname } = new URL(baseUrl);
  return knownServers.find((server) => server.host.test(hostname));
}

/** OpenAI's own service, which is spoken to by its own package. */
export function isOpenAI(baseUrl: string): boolean {
  return /(^|\.)api\.openai\.com$/u.test(new URL(baseUrl).hostname);
}
