/** OpenAI's own package against the whole program: it must find what it finds at OpenAI's. */
import { scriptedAnswer, scriptedReasoning } from "@typebar/testing";
import type OpenAI from "openai";
import type { APIError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelName, openOpenAIWorld, type OpenAIWorld, rejection, user } from "./openai-world.ts";

let world: OpenAIWorld;
let questions = 0;

beforeAll(async () => {
  world = await openOpenAIWorld();
});
afterAll(async () => {
  expect(world.model.violations).toEqual([]);
  await world[Symbol.asyncDispose]();
});

/** A question of its own, so that how often it was asked can be counted. */
const newQuestion = (directives = ""): string => `script:mixed:${++questions}:600 ${directives}`;
const functionsOf = (message: OpenAI.ChatCompletionMessage | undefined): unknown[] =>
  (message?.tool_calls ?? []).map((call) => (call.type === "function" ? call.function : call));

describe("a completion", () => {
  it("is given whole", async () => {
    const question = newQuestion("reasoning:60");
    const completion = await world.client.chat.completions.create({ model: modelName, messages: [user(question)] });
    const [choice] = completion.choices;
    expect(choice?.message).toMatchObject({ role: "assistant", content: scriptedAnswer(question), refusal: null });
    expect(choice?.message).toHaveProperty("reasoning_content", scriptedReasoning(question));
    expect(completion).toMatchObject({ object: "chat.completion", model: modelName });
    expect(choice?.finish_reason).toBe("stop");
    expect(completion.usage?.prompt_tokens).toBe(question.length);
    expect(completion.usage?.total_tokens).toBe(question.length + (completion.usage?.completion_tokens ?? 0));
    expect(`chatcmpl-${completion._request_id}`).toBe(completion.id);
    expect(world.model.count(question)).toBe(1);
  });

  it("is streamed in chunks, with the usage last where it is asked for", async () => {
    const question = newQuestion("reasoning:60");
    const { data: stream, response } = await world.client.chat.completions
      .create({ model: modelName, messages: [user(question)], stream: true, stream_options: { include_usage: true } })
      .withResponse();
    const generationId = response.headers.get("Typebar-Generation");
    expect(response.headers.get("Content-Location")).toBe(`/api/generations/${generationId}/events`);
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
    expect(deltas[0]).toEqual({ role: "assistant", content: "" });
    expect(deltas.map(({ content }) => content ?? "").join("")).toBe(scriptedAnswer(question));
    const thoughts = deltas.map((delta) => ("reasoning_content" in delta ? delta.reasoning_content : ""));
    expect(thoughts.join("")).toBe(scriptedReasoning(question));
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter(Boolean)).toEqual(["stop"]);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: question.length } });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    expect(new Set(chunks.map(({ id, object, model }) => `${id} ${object} ${model}`)).size).toBe(1);
    expect(chunks[0]?.id).toBe(`chatcmpl-${generationId}`);
  });

  it("is read by the client's own helper for streams, and says nothing of usage unasked", async () => {
    const question = newQuestion();
    const runner = world.client.chat.completions.stream({ model: modelName, messages: [user(question)] });
    const final = await runner.finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe(scriptedAnswer(question));
    expect(final.usage).toBeUndefined();
  });

  it("answers the whole conversation that the request holds, and is not in the list of conversations", async () => {
    const question = newQuestion();
    const completion = await world.client.chat.completions.create({
      model: "scripted",
      messages: [
        { role: "developer", content: "Be exact." },
        user("first"),
        { role: "assistant", content: [{ type: "text", text: "one" }] },
        {
          role: "user",
          content: [
            { type: "text", text: question },
            { type: "text", text: "please" },
          ],
        },
      ],
    });
    const asked = `${question}\nplease`;
    expect(completion.choices[0]?.message.content).toBe(scriptedAnswer(asked));
    expect(world.model.requests.find(({ key }) => key === asked)?.body["messages"]).toEqual([
      { role: "system", content: "Be exact." },
      user("first"),
      { role: "assistant", content: "one" },
      user(asked),
    ]);
    const listed = await (await fetch(`${world.typebar.url}/api/conversations`)).json();
    expect(listed).toEqual({ conversations: [], nextCursor: null });
  });

  it("hands the model what was set, and only that", async () => {
    const question = newQuestion();
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    await world.client.chat.completions.create({
      model: modelName,
      messages: [user(question)],
      temperature: 0.5,
      top_p: 0.9,
      max_completion_tokens: 77,
      stop: ["\n\n", "END"],
      seed: 42,
      presence_penalty: 0.1,
      frequency_penalty: null,
      response_format: { type: "json_object" },
      tools: [{ type: "function", function: { name: "weather", description: "of a city", parameters: schema } }],
      tool_choice: { type: "function", function: { name: "weather" } },
      user: "somebody",
    });
    const body = world.model.requests.find(({ key }) => key === question)?.body;
    expect(body).toMatchObject({
      temperature: 0.5,
      top_p: 0.9,
      max_tokens: 77,
      stop: ["\n\n", "END"],
      seed: 42,
      presence_penalty: 0.1,
      response_format: { type: "json_object" },
      tools: [{ type: "function", function: { name: "weather", description: "of a city", parameters: schema } }],
      tool_choice: { type: "function", function: { name: "weather" } },
    });
    expect(body).not.toHaveProperty("frequency_penalty");
    const plain = newQuestion();
    await world.client.chat.completions.create({ model: modelName, messages: [user(plain)], stop: "X", max_tokens: 5 });
    const plainBody = world.model.requests.find(({ key }) => key === plain)?.body;
    expect(plainBody).toMatchObject({ stop: ["X"], max_tokens: 5 });
    for (const name of ["temperature", "top_p", "seed", "tools", "tool_choice", "response_format"]) {
      expect(plainBody).not.toHaveProperty(name);
    }
  });
});

describe("tool calls", () => {
  const tools: OpenAI.ChatCompletionTool[] = [
    { type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } },
  ];
  const question = (): string => `ask:${++questions} call:weather:{"city":"北京"} call:weather:{"city":"Oslo"}`;
  const expected = [
    { name: "weather", arguments: '{"city":"北京"}' },
    { name: "weather", arguments: '{"city":"Oslo"}' },
  ];

  it("come back to the client, streamed or not, and are not run", async () => {
    const whole = await world.client.chat.completions.create({ model: modelName, messages: [user(question())], tools });
    expect(whole.choices[0]?.finish_reason).toBe("tool_calls");
    expect(whole.choices[0]?.message.content).toBeNull();
    expect(functionsOf(whole.choices[0]?.message)).toEqual(expected);
    const runner = world.client.chat.completions.stream({ model: modelName, messages: [user(question())], tools });
    const streamed = await runner.finalChatCompletion();
    expect(streamed.choices[0]?.finish_reason).toBe("tool_calls");
    expect(functionsOf(streamed.choices[0]?.message)).toMatchObject(expected);
    expect(streamed.choices[0]?.message.tool_calls?.map(({ id }) => id)).toEqual(["call_0_weather", "call_1_weather"]);
  });

  it("are answered by the client in its next request", async () => {
    const asked = question();
    const first = await world.client.chat.completions.create({ model: modelName, messages: [user(asked)], tools });
    const message = first.choices[0]?.message;
    if (!message?.tool_calls) throw new Error("no tool was called");
    const results = [newQuestion("cold"), newQuestion("colder")];
    const second = await world.client.chat.completions.create({
      model: modelName,
      tools,
      messages: [
        user(asked),
        message,
        ...message.tool_calls.map(({ id }, index) => ({
          role: "tool" as const,
          tool_call_id: id,
          content: results[index] ?? "",
        })),
      ],
    });
    expect(second.choices[0]?.message.content).toBe(scriptedAnswer(results[1] ?? ""));
    const sent = world.model.requests.find(({ key }) => key === results[1])?.body["messages"];
    expect(sent).toMatchObject([
      { role: "user" },
      { role: "assistant", tool_calls: expected.map((called) => ({ type: "function", function: called })) },
      { role: "tool", tool_call_id: "call_0_weather", content: results[0] },
      { role: "tool", tool_call_id: "call_1_weather", content: results[1] },
    ]);
  });
});

describe("models", () => {
  it("are listed, and found by their ID or by the name without the provider", async () => {
    const { data } = await world.client.models.list();
    expect(data.map(({ id }) => id)).toContain(modelName);
    expect(data[0]).toEqual({ id: modelName, object: "model", created: 0, owned_by: "openai-compatible" });
    expect(await world.client.models.retrieve(modelName)).toMatchObject({ id: modelName });
    expect(await world.client.models.retrieve("scripted")).toMatchObject({ id: modelName });
    const error = await rejection(world.client.models.retrieve("no-such-model"));
    expect(error).toMatchObject({ status: 404, code: "model_not_found", type: "invalid_request_error" });
  });
});

describe("a request that is refused", () => {
  const ask = (body: object): Promise<APIError> =>
    rejection(world.client.chat.completions.create({ model: modelName, messages: [user("x")], ...body } as never));

  it.each([
    [{ model: "no-such-provider/model" }, 404, "model", "model_not_found"],
    [{ messages: [] }, 400, "messages", "bad-request"],
    [{ messages: undefined }, 400, "messages", "bad-request"],
    [{ messages: [user("")] }, 400, "messages", "bad-request"],
    [{ messages: [{ role: "narrator", content: "x" }] }, 400, "messages[0].role", "bad-request"],
    [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, 400, "messages[0].content[0]", "bad-request"],
    [{ messages: [user("x"), { role: "tool", content: "x" }] }, 400, "messages[1].tool_call_id", "bad-request"],
    [{ temperature: 3 }, 400, "temperature", "bad-request"],
    [{ stop: [""] }, 400, "stop[0]", "bad-request"],
    [{ n: 2 }, 400, "n", "bad-request"],
    [{ functions: [] }, 400, "functions", "bad-request"],
  ])("says why in OpenAI's shape: %j", async (body, status, param, code) => {
    const error = await ask(body);
    expect(error).toMatchObject({ status, code, param, type: "invalid_request_error" });
    expect(error.error).toEqual({ message: expect.any(String), type: error.type, param, code });
    expect(world.model.count("x")).toBe(0);
  });

  it("is told so below /v1/ whatever is wrong with it", async () => {
    const send = async (path: string, init: RequestInit): Promise<unknown> => {
      const response = await fetch(world.typebar.url + path, init);
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      expect(error.message).not.toBe("");
      return [response.status, error.code, response.headers.get("Allow")];
    };
    const json = { "Content-Type": "application/json" };
    const path = "/v1/chat/completions";
    expect(await send("/v1/nothing", {})).toEqual([404, "not-found", null]);
    expect(await send(path, {})).toEqual([405, "method-not-allowed", "POST"]);
    expect(await send(path, { method: "POST", body: "{" })).toEqual([415, "unsupported-media-type", null]);
    expect(await send(path, { method: "POST", body: "{", headers: json })).toEqual([400, "body-not-json", null]);
    const large = `"${"x".repeat(1_000_001)}"`;
    expect(await send(path, { method: "POST", body: large, headers: json })).toEqual([413, "body-too-large", null]);
    const foreign = { ...json, Origin: "https://evil.example" };
    expect(await send(path, { method: "POST", body: "{}", headers: foreign })).toEqual([403, "forbidden-origin", null]);
    const head = await fetch(`${world.typebar.url}/v1/models`, { method: "HEAD" });
    expect(head.status).toBe(405);
  });
});
