import { openScriptedModel, scriptedAnswer } from "@typebar/testing";
import { describe, expect, it } from "vitest";
import {
  continueInstruction,
  createAnthropicProvider,
  createGoogleProvider,
  createOpenAICompatibleProvider,
  createOpenAIProvider,
  type ProviderRequest,
} from "../../src/provider/index.ts";
import { collect, toFailure, toRequest } from "./collect.ts";
import { openWireServer, readWire, type WireServer, writeJson, writeStream } from "./wire-server.ts";

// What a careless layer would lose: white space at both ends, joined emoji, lone marks, a line separator.
const keptText = " \n\u2028שלום 👨‍👩‍👧‍👦 e\u0301 `code`\tdata: x\r\n  ";
const question = { role: "user", text: "Hello?" } as const;

function toContinuing(rung: "prefill" | "prompt" | "resume"): ProviderRequest {
  return toRequest({ continuation: { rung, keptText } });
}

function readBody(server: WireServer): Record<string, unknown> {
  const request = server.requests.findLast((asked) => asked.method === "POST");
  const body: Record<string, unknown> = JSON.parse(request?.body ?? "");
  return body;
}

describe("going on with a cut answer", () => {
  it.each([
    ["plain", {}, {}],
    ["prefix", { prefix: true }, {}],
    ["partial", { partial: true }, {}],
    ["vllm", {}, { continue_final_message: true, add_generation_prompt: false }],
  ] as const)("sends the kept text byte for byte as a prefill (%s)", async (prefillStyle, onMessage, onBody) => {
    const wire = await readWire("chat-completions");
    await using server = await openWireServer(async (response) => writeStream(response, wire));
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, prefillStyle });
    const said = await collect(provider, toContinuing("prefill"));
    expect(said.error).toBeUndefined();
    expect(readBody(server)).toEqual({
      model: "some-model",
      messages: [
        { role: "user", content: "Hello?" },
        { role: "assistant", content: keptText, ...onMessage },
      ],
      stream: true,
      stream_options: { include_usage: true },
      ...onBody,
    });
  });

  it("leaves a tag alone that a prefilled answer goes on with", async () => {
    const block = { choices: [{ delta: { content: "<think>` is a tag" }, finish_reason: "stop" }] };
    await using server = await openWireServer(async (response) =>
      writeStream(response, `data: ${JSON.stringify(block)}\n\n`),
    );
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, prefillStyle: "plain" });
    expect((await collect(provider, toContinuing("prefill"))).text).toBe("<think>` is a tag");
  });

  it("sees vLLM by its list of models, and asks for the list once", async () => {
    const wire = await readWire("chat-completions");
    await using server = await openWireServer(async (response, request) => {
      if (request.method === "GET") writeJson(response, 200, { data: [{ id: "m", owned_by: "vllm" }] });
      else await writeStream(response, wire);
    });
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: `${server.url}/v1` });
    for (const _time of [1, 2]) {
      await collect(provider, toContinuing("prefill"));
      expect(readBody(server)).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
    }
    expect(server.requests.map((request) => request.method)).toEqual(["GET", "POST", "POST"]);
    await collect(provider);
    expect(readBody(server)).not.toHaveProperty("continue_final_message");
  });

  it("prefills the plain way where the list of models fails", async () => {
    const wire = await readWire("chat-completions");
    await using server = await openWireServer(async (response, request) => {
      if (request.method === "GET") writeJson(response, 404, {});
      else await writeStream(response, wire);
    });
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: server.url });
    expect((await collect(provider, toContinuing("prefill"))).error).toBeUndefined();
    expect(readBody(server)["messages"]).toHaveLength(2);
  });

  it.each([
    ["https://api.deepseek.com/v1", "https://api.deepseek.com/beta/chat/completions", { prefix: true }],
    ["https://api.mistral.ai/v1/", "https://api.mistral.ai/v1/chat/completions", { prefix: true }],
    [
      "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
      "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
      { partial: true },
    ],
  ])("prefills as the host wants it: %s", async (baseUrl, expectedUrl, onMessage) => {
    const asked: { url: string; body: unknown }[] = [];
    const provider = createOpenAICompatibleProvider({
      name: "some",
      baseUrl,
      fetch: async (url, init) => {
        const request = new Request(url, init);
        asked.push({ url: request.url, body: await request.json() });
        return new Response("", { status: 503 });
      },
    });
    await collect(provider, toContinuing("prefill"));
    expect(asked).toHaveLength(1);
    expect(asked[0]?.url).toBe(expectedUrl);
    expect(asked[0]?.body).toMatchObject({ messages: [{}, { content: keptText, ...onMessage }] });
  });

  it("sends the kept text byte for byte before the instruction on the prompt rung, to every provider", async () => {
    await using server = await openWireServer((response) => writeJson(response, 503, {}));
    const apiKey = "k";
    const expected = [question.text, keptText, continueInstruction];

    await collect(createOpenAICompatibleProvider({ name: "some", baseUrl: server.url }), toContinuing("prompt"));
    expect(readBody(server)["messages"]).toEqual(
      expected.map((content, index) => ({ role: index === 1 ? "assistant" : "user", content })),
    );
    await collect(createOpenAIProvider({ baseUrl: server.url, apiKey }), toContinuing("prompt"));
    expect(readBody(server)).toMatchObject({
      store: false,
      input: [
        { role: "user", content: [{ type: "input_text", text: question.text }] },
        { role: "assistant", content: keptText },
        { role: "user", content: [{ type: "input_text", text: continueInstruction }] },
      ],
    });
    await collect(createAnthropicProvider({ baseUrl: server.url, apiKey }), toContinuing("prompt"));
    expect(readBody(server)["messages"]).toEqual(
      expected.map((text, index) => ({ role: index === 1 ? "assistant" : "user", content: [{ type: "text", text }] })),
    );
    await collect(createGoogleProvider({ baseUrl: server.url, apiKey }), toContinuing("prompt"));
    expect(readBody(server)["contents"]).toEqual(
      expected.map((text, index) => ({ role: index === 1 ? "model" : "user", parts: [{ text }] })),
    );
  });

  it("refuses a rung that the provider does not take, and asks nothing", async () => {
    await using server = await openWireServer((response) => writeJson(response, 500, {}));
    const provider = createOpenAIProvider({ baseUrl: server.url, apiKey: "k" });
    const said = await collect(provider, toContinuing("prefill"));
    expect(toFailure(said.error).code).toBe("continuation-unsupported");
    expect(server.requests).toHaveLength(0);
  });

  it("goes on exactly, over both rungs, with a model that takes them", async () => {
    await using model = await openScriptedModel();
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: model.url });
    const text = "script:mixed:21:800";
    const answer = scriptedAnswer(text);
    for (const rung of provider.continuations) {
      for (const at of [1, 57, 300]) {
        const kept = Array.from(answer).slice(0, at).join("");
        const said = await collect(
          provider,
          toRequest({
            model: "scripted",
            messages: [{ role: "user", text }],
            continuation: { rung, keptText: kept },
          }),
        );
        expect(kept + said.text).toBe(answer);
      }
    }
    expect(model.violations).toEqual([]);
  });

  it.each([
    ["no-prefill", "prefill"],
    ["no-prefill", "prompt"],
    ["prompt-only", "prefill"],
  ] as const)("tells that %s does not take a %s", async (name, rung) => {
    await using model = await openScriptedModel();
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: model.url });
    const text = "script:mixed:22:800";
    const continuation = { rung, keptText: scriptedAnswer(text).slice(0, 20) };
    const said = await collect(provider, toRequest({ model: name, messages: [{ role: "user", text }], continuation }));
    expect(toFailure(said.error).code).toBe("continuation-unsupported");
  });

  it("sends a system message and the history, without answers that have no text", async () => {
    await using server = await openWireServer((response) => writeJson(response, 503, {}));
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, apiKey: "sk-1" });
    const messages: ProviderRequest["messages"] = [
      { role: "system", text: "Be brief." },
      { role: "user", text: "One?" },
      { role: "assistant", text: "" },
      { role: "user", text: "Two?" },
    ];
    await collect(provider, toRequest({ messages }));
    expect(readBody(server)["messages"]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "One?" },
      { role: "user", content: "Two?" },
    ]);
    expect(server.requests[0]?.headers.authorization).toBe("Bearer sk-1");
  });
});
