/** What a client sets, and its tools, as each provider is really asked. */
import { describe, expect, it } from "vitest";
import {
  createAnthropicProvider,
  createGoogleProvider,
  createOpenAICompatibleProvider,
  createOpenAIProvider,
  type Provider,
  type ProviderRequest,
} from "../../src/provider/index.ts";
import { collect, toFailure, toRequest } from "./collect.ts";
import { openWireServer, writeJson, writeStream } from "./wire-server.ts";

const apiKey = "sk-our-key";
const providers: [kind: string, create: (url: string) => Provider][] = [
  ["openai-compatible", (url) => createOpenAICompatibleProvider({ name: "some", baseUrl: `${url}/v1`, apiKey })],
  ["openai", (url) => createOpenAIProvider({ baseUrl: `${url}/v1`, apiKey })],
  ["anthropic", (url) => createAnthropicProvider({ baseUrl: `${url}/v1`, apiKey })],
  ["google", (url) => createGoogleProvider({ baseUrl: `${url}/v1beta`, apiKey })],
];

const request: Partial<ProviderRequest> = {
  messages: [
    { role: "system", text: "Be exact." },
    { role: "user", text: "Weather?" },
    {
      role: "assistant",
      text: "Let me see.",
      toolCalls: [{ toolCallId: "call_1", toolName: "weather", input: '{"city":"北京"}' }],
    },
    { role: "tool", toolCallId: "call_1", toolName: "weather", text: "sunny" },
  ],
  settings: {
    temperature: 0.5,
    maxOutputTokens: 77,
    stopSequences: ["END"],
    seed: 42,
    presencePenalty: 0.1,
    frequencyPenalty: 0.2,
    responseFormat: { type: "json" },
    tools: [
      {
        name: "weather",
        description: "of a city",
        inputSchema: { type: "object", properties: { city: { type: "string" } } },
      },
    ],
    toolChoice: { type: "tool", toolName: "weather" },
  },
};

describe.each(providers)("%s", (_kind, create) => {
  it("is asked with the client's settings, its tools and their results, as far as it has such", async () => {
    await using server = await openWireServer((response) => writeJson(response, 500, {}));
    const said = await collect(create(server.url), toRequest(request));
    expect(toFailure(said.error).code).toBe("provider-unavailable");
    const body = server.requests[0]?.body ?? "";
    for (const part of ["0.5", "77", "weather", "of a city", "北京", "sunny", "Let me see.", "Be exact."]) {
      expect(body).toContain(part);
    }
  });
});

it("a conversation that a provider cannot take is rejected, not taken for the provider's failure", async () => {
  await using server = await openWireServer((response) => writeJson(response, 500, {}));
  const messages: ProviderRequest["messages"] = [
    { role: "system", text: "one" },
    { role: "user", text: "Hello?" },
    { role: "system", text: "two" },
    { role: "user", text: "Well?" },
  ];
  const provider = createGoogleProvider({ baseUrl: `${server.url}/v1beta`, apiKey });
  const said = await collect(provider, toRequest({ messages }));
  expect(toFailure(said.error)).toMatchObject({
    code: "provider-rejected",
    message: expect.stringContaining("google"),
  });
  expect(server.requests).toEqual([]);
});

it("Anthropic's tool calls are told as they are written", async () => {
  const events = [
    {
      type: "message_start",
      message: {
        id: "m",
        type: "message",
        role: "assistant",
        content: [],
        model: "x",
        usage: { input_tokens: 3, output_tokens: 1 },
      },
    },
    {
      type: "content_block_start",
      index: 0,
      content_block: { type: "tool_use", id: "toolu_1", name: "weather", input: {} },
    },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"city"' } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: ':"北京"}' } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: 9 } },
    { type: "message_stop" },
  ];
  const wire = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
  await using server = await openWireServer(async (response) => writeStream(response, wire));
  const said = await collect(createAnthropicProvider({ baseUrl: `${server.url}/v1`, apiKey }), toRequest(request));
  const written = said.parts.map((part) => (part.type === "tool-input-delta" ? part.delta : "")).join("");
  expect(written).toBe('{"city":"北京"}');
  expect(said.parts.at(0)).toEqual({ type: "tool-input-start", toolCallId: "toolu_1", toolName: "weather" });
  expect(said.parts.at(-2)).toEqual({ type: "tool-call", toolCallId: "toolu_1", toolName: "weather", input: written });
  expect(said.finish?.finishReason).toBe("tool-calls");
});
