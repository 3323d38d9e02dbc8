import { describe, expect, it } from "vitest";
import {
  createAnthropicProvider,
  createGoogleProvider,
  createOpenAICompatibleProvider,
  createOpenAIProvider,
  type Provider,
} from "../../src/provider/index.ts";
import { collect, toFailure } from "./collect.ts";
import { openWireServer, readWire, writeStream } from "./wire-server.ts";

const apiKey = "sk-our-key";
const create = {
  "openai-compatible": (url: string) => createOpenAICompatibleProvider({ name: "some", baseUrl: `${url}/v1`, apiKey }),
  openai: (url: string) => createOpenAIProvider({ baseUrl: `${url}/v1`, apiKey }),
  anthropic: (url: string) => createAnthropicProvider({ baseUrl: `${url}/v1`, apiKey }),
  google: (url: string) => createGoogleProvider({ baseUrl: `${url}/v1beta`, apiKey }),
} satisfies Record<string, (url: string) => Provider>;

async function ask(kind: keyof typeof create, wire: string): Promise<Awaited<ReturnType<typeof collect>>> {
  await using server = await openWireServer(async (response) => writeStream(response, wire));
  return await collect(create[kind](server.url));
}

const emoji = "世界 👨‍👩‍👧‍👦";

describe("reads the recorded bytes of", () => {
  it("OpenAI-compatible chat completions: reasoning apart, a split emoji whole, tool calls as they come", async () => {
    const said = await ask("openai-compatible", await readWire("chat-completions"));
    expect(said.error).toBeUndefined();
    expect(said.text).toBe(`Hello, ${emoji}🚀 data: [DONE]\n\nevent: x\nend.`);
    expect(said.parts.every((part) => part.type !== "text" || part.text.isWellFormed())).toBe(true);
    expect(said.reasoning).toBe("用户说了你好。");
    expect(said.finish).toEqual({
      type: "finish",
      finishReason: "stop",
      usage: { inputTokens: 17, outputTokens: 42, reasoningTokens: 9 },
    });
    expect(said.parts.at(-1)).toBe(said.finish);
    expect(said.parts.filter(({ type }) => type.startsWith("tool-")).map(({ type }) => type)).toEqual([
      "tool-input-start",
      "tool-input-delta",
      "tool-call",
    ]);
  });

  it("chat completions with `delta.reasoning`, cut off by length, without usage", async () => {
    const said = await ask("openai-compatible", await readWire("chat-completions-reasoning-field"));
    expect([said.reasoning, said.text]).toEqual(["Let me think.", "Yes."]);
    expect(said.finish).toMatchObject({ finishReason: "length" });
  });

  it.each([
    [
      "\n<think>\nA < b </thin> so\n</think>\n\nYes, <think> is a tag.",
      "\nA < b </thin> so\n",
      "Yes, <think> is a tag.",
    ],
    ["<think></think>Yes.", "", "Yes."],
    ["<thinking> is no tag", "", "<thinking> is no tag"],
    ["\n <thi", "", "\n <thi"],
    ["<think>cut o</thi", "cut o</thi", ""],
  ])("chat completions whose text begins with %j, wherever the deltas are cut", async (whole, reasoning, text) => {
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const deltas = [whole.slice(0, cut), whole.slice(cut)].map((content) => ({ delta: { content } }));
      const blocks = [...deltas, { delta: {}, finish_reason: "stop" }].map((choice) => ({ choices: [choice] }));
      const said = await ask("openai-compatible", blocks.map((block) => `data: ${JSON.stringify(block)}\n\n`).join(""));
      expect([said.reasoning, said.text], `cut at ${cut}`).toEqual([reasoning, text]);
    }
  });

  it("OpenAI's responses: reasoning summary, text, a source, usage", async () => {
    const said = await ask("openai", await readWire("responses"));
    expect(said.error).toBeUndefined();
    expect(said.text).toBe(`Hello, ${emoji}\ndata: x`);
    expect(said.reasoning).toBe("The user greets.");
    expect(said.sources).toEqual([{ url: "https://example.com/a", title: "Example" }]);
    expect(said.finish).toEqual({
      type: "finish",
      finishReason: "stop",
      usage: { inputTokens: 11, outputTokens: 30, reasoningTokens: 12 },
    });
  });

  it("OpenAI's responses that ran out of tokens", async () => {
    expect((await ask("openai", await readWire("responses-incomplete-length"))).finish).toMatchObject({
      finishReason: "length",
    });
  });

  it("Anthropic's messages: thinking apart, pings, signatures and tool input passed over", async () => {
    const said = await ask("anthropic", await readWire("messages"));
    expect(said.error).toBeUndefined();
    expect(said.text).toBe(`Hello, ${emoji}\nevent: x`);
    expect(said.reasoning).toBe("A greeting, 问候。");
    expect(said.finish).toMatchObject({ finishReason: "stop", usage: { inputTokens: 25, outputTokens: 15 } });
  });

  it("Google's content: thoughts apart, function calls passed over, a grounding source", async () => {
    const said = await ask("google", await readWire("generate-content"));
    expect(said.error).toBeUndefined();
    expect(said.text).toBe(`Hello, ${emoji}\ndata: x end.`);
    expect(said.reasoning).toBe("Weighing a greeting. 问候。");
    expect(said.sources).toEqual([{ url: "https://example.com/a", title: "Example" }]);
    expect(said.finish).toMatchObject({ usage: { inputTokens: 8, outputTokens: 12, reasoningTokens: 7 } });
  });

  it("Google's content stopped by a safety filter", async () => {
    expect((await ask("google", await readWire("generate-content-safety"))).finish).toMatchObject({
      finishReason: "content-filter",
    });
  });
});

describe("an upstream that ends without a finish reason", () => {
  it.each([
    ["openai-compatible", "chat-completions", '"finish_reason":"stop"'],
    ["openai", "responses", '"type":"response.completed"'],
    ["anthropic", "messages", '"type":"message_stop"'],
    ["google", "generate-content", '"finishReason":"STOP"'],
  ] as const)("is a failure wherever it ends (%s)", async (kind, name, finishMark) => {
    const wire = await readWire(name);
    const blocks = wire.match(/[\s\S]+?\r?\n\r?\n/gu) ?? [];
    const finishAt = blocks.findIndex((block) => block.includes(finishMark));
    expect(finishAt).toBeGreaterThan(3);
    for (let count = 0; count <= blocks.length; count += 1) {
      const said = await ask(kind, blocks.slice(0, count).join(""));
      if (count <= finishAt) {
        expect(toFailure(said.error).code, `after ${count} blocks`).toBe("provider-incomplete");
        expect(said.finish, `after ${count} blocks`).toBeUndefined();
      } else {
        expect(said.finish, `after ${count} blocks`).toBeDefined();
        expect(said.error).toBeUndefined();
      }
    }
  });

  it("is a failure as Ollama does it, with an empty delta", async () => {
    const said = await ask("openai-compatible", await readWire("chat-completions-ollama-cut"));
    expect(said.text).toBe("Half an ");
    expect(toFailure(said.error).code).toBe("provider-incomplete");
  });

  it("is a failure as Anthropic could do it, with `message_stop` and no stop reason", async () => {
    const said = await ask("anthropic", await readWire("messages-without-stop-reason"));
    expect(toFailure(said.error).code).toBe("provider-incomplete");
  });
});

describe("an error inside the stream", () => {
  it.each([
    ["openai-compatible", "chat-completions-error-midstream", "Half an ", "provider-error"],
    ["openai-compatible", "chat-completions-not-json", "Half an ", "provider-error"],
    ["openai", "responses-failed", `Hello, ${emoji}\ndata: x`, "provider-error"],
    ["openai", "responses-error", `Hello, ${emoji}\ndata: x`, "provider-rate-limited"],
    ["anthropic", "messages-error-midstream", `Hello, ${emoji}\nevent: x`, "provider-unavailable"],
    ["anthropic", "messages-error-first", "", "provider-unavailable"],
    ["google", "generate-content-error-midstream", `Hello, ${emoji}\ndata: x`, "provider-unavailable"],
  ] as const)("keeps the text so far and tells nothing of the provider's (%s, %s)", async (kind, name, text, code) => {
    const said = await ask(kind, await readWire(name));
    expect(said.text).toBe(text);
    expect(said.finish).toBeUndefined();
    const failure = toFailure(said.error);
    expect(failure.code).toBe(code);
    expect(failure.message).not.toMatch(/secret|sk-|\bat \//u);
  });
});
