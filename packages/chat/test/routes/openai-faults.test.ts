/** OpenAI's own package, and curl, when something breaks: an error and never a clean end, the rest by ID, the model asked once. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openFaultyProxy, scriptedAnswer } from "@typebar/testing";
import { AuthenticationError } from "openai";
import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  contentOf,
  modelName,
  openOpenAIWorld,
  type OpenAIWorld,
  readText,
  rejection,
  toBlocks,
  user,
} from "./openai-world.ts";

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
/** What blocks say, however their deltas are merged. */
function join(blocks: readonly { data: string }[]): unknown {
  const deltas = blocks.flatMap(({ data }) =>
    data === "[DONE]" ? [] : [JSON.parse(data) as OpenAI.ChatCompletionChunk],
  );
  const choices = deltas.flatMap((chunk) => chunk.choices);
  const calls = choices.flatMap(({ delta }) => delta.tool_calls ?? []);
  return {
    text: choices.map(({ delta }) => delta.content ?? "").join(""),
    calls: [0, 1].map((index) =>
      calls
        .filter((call) => call.index === index)
        .map((call) => call.function?.arguments ?? "")
        .join(""),
    ),
    others: calls.filter(({ index }) => index > 1),
    finish: choices.map(({ finish_reason }) => finish_reason).filter(Boolean),
    usage: deltas.at(-1)?.usage,
    done: blocks.at(-1)?.data === "[DONE]",
  };
}

describe("a provider that fails", () => {
  it.each([
    ["401", 502, "provider-unauthorized", "server_error"],
    ["500", 503, "provider-unavailable", "server_error"],
    ["error-midstream", 502, "provider-error", "server_error"],
    ["no-end", 502, "provider-incomplete", "server_error"],
  ])("with %s gives an error and never an answer", async (fault, status, code, type) => {
    const question = newQuestion(`fault:${fault}`);
    const request = { model: modelName, messages: [user(question)] };
    const whole = await rejection(world.client.chat.completions.create(request));
    expect(whole).toMatchObject({ status, code, type });
    expect(whole.message).not.toMatch(/secret/u);
    const stream = await world.client.chat.completions.create({ ...request, stream: true });
    const streamed = await rejection(readText(stream));
    expect(streamed).toMatchObject({ code, type });
    expect(streamed.message).not.toMatch(/secret/u);
  });

  it("in mid-answer has its text before the error, no [DONE] after it, and is not asked again by the client itself", async () => {
    const question = newQuestion("fault:error-midstream deltas:20");
    const stubborn = world.connect({ maxRetries: 3 });
    await rejection(stubborn.chat.completions.create({ model: modelName, messages: [user(question)] }));
    expect(world.model.count(question)).toBe(1);
    const response = await fetch(`${world.typebar.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ stream: true, messages: [user(question)] }),
    });
    const body = await response.text();
    const blocks = toBlocks(body);
    const last = blocks.at(-1);
    expect(last?.data).toMatch(/^\{"error":\{.+\}\}$/u);
    expect(blocks.length).toBeGreaterThan(2);
    expect(body).not.toContain("data: [DONE]\n");
    const again = await fetch(response.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Last-Event-ID": last?.id ?? "" },
      body: JSON.stringify({ stream: true, messages: [user(question)] }),
    });
    expect(toBlocks(await again.text())).toEqual([last]);
  });
});

describe("a client that goes away", () => {
  it("in mid-answer finds the rest by the answer's ID, to the character, and the model was asked once", async () => {
    const question = newQuestion("deltas:30 hold:10");
    const { data: stream, response } = await world.client.chat.completions
      .create({ model: modelName, messages: [user(question)], stream: true })
      .withResponse();
    let text = "";
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? "";
      if (text.length > 20) break;
    }
    world.model.release(question);
    const generationId = response.headers.get("Typebar-Generation") ?? "";
    expect(scriptedAnswer(question).startsWith(text)).toBe(true);
    expect(await world.follow(generationId)).toEqual({ text: scriptedAnswer(question), whole: true });
    expect(world.model.count(question)).toBe(1);
  });

  it("is cut off by the server's end, sees an error and no answer, and finds the rest by the last ID", async () => {
    const own = await openOpenAIWorld();
    await using _closed = own;
    const question = newQuestion("deltas:30 hold:10");
    const { data: stream, response } = await own.client.chat.completions
      .create({ model: modelName, messages: [user(question)], stream: true })
      .withResponse();
    await own.model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 10);
    let text = "";
    const reading = (async () => {
      for await (const { choices } of stream) {
        text += choices[0]?.delta.content ?? "";
        if (text !== "") await own.typebar.kill();
      }
    })();
    await expect(reading).rejects.toThrow();
    own.model.release(question);
    await own.typebar.start();
    const answer = scriptedAnswer(question);
    expect(answer.startsWith(text)).toBe(true);
    expect(text).not.toBe(answer);
    const followed = await own.follow(response.headers.get("Typebar-Generation") ?? "");
    expect(followed).toEqual({ text: answer, whole: true });
    expect(own.model.requests.map(({ kind }) => kind)).toEqual(["start", "prefill"]);
  });

  it("because the network was cut sees an error, be it openai or curl, and its last ID gets the rest", async () => {
    await using proxy = await openFaultyProxy({ target: { port: world.typebar.port }, seed: 1 });
    const question = newQuestion("deltas:30 hold:10");
    const request = { model: modelName, messages: [user(question)], stream: true as const };
    const client = world.connect({ baseURL: `${proxy.url}/v1` });
    const reading = readText(await client.chat.completions.create(request));
    const curling = promisify(execFile)("curl", [
      "-sSN",
      "--json",
      JSON.stringify(request),
      `${proxy.url}/v1/chat/completions`,
    ]).catch((error: { code: number; stdout: string }) => error);
    await world.model.waitFor(
      () => world.model.requests.filter(({ key, deltasSent }) => key === question && deltasSent === 10).length === 2,
    );
    proxy.cutAll();
    await expect(reading).rejects.toThrow();
    const { stdout, ...curl } = await curling;
    expect(curl).toHaveProperty("code");
    const blocks = toBlocks(stdout);
    const received = blocks.map(({ data }) => contentOf(JSON.parse(data) as OpenAI.ChatCompletionChunk)).join("");
    world.model.release(question);
    const lastEventId = blocks.at(-1)?.id ?? "";
    const rest = await world.follow(lastEventId.split(":")[0] ?? "", lastEventId);
    expect(rest.whole).toBe(true);
    expect(received + rest.text).toBe(scriptedAnswer(question));
    expect(world.model.count(question)).toBe(2);
  });
});

describe("an idempotency key", () => {
  it("makes one answer of requests that are sent at the same time, streamed or not", async () => {
    const question = newQuestion("delay:1");
    const request = { model: modelName, messages: [user(question)] };
    const options = { headers: { "Idempotency-Key": `key-${question.length}-${questions}` } };
    const [one, two, three] = await Promise.all([
      world.client.chat.completions.create(request, options),
      world.client.chat.completions.create({ ...request, stream: true }, options).then(readText),
      world.client.chat.completions.create(request, options),
    ]);
    expect(one).toEqual(three);
    expect(one.choices[0]?.message.content).toBe(two);
    expect(two).toBe(scriptedAnswer(question));
    expect(world.model.count(question)).toBe(1);
    const other = { ...request, temperature: 1 };
    expect(await rejection(world.client.chat.completions.create(other, options))).toMatchObject({
      status: 422,
      code: "key-reused",
    });
  });

  it("lets a client that was cut off in mid-answer ask again for nothing", async () => {
    const question = newQuestion("deltas:20 hold:5");
    const request = { model: modelName, messages: [user(question)] };
    const options = { headers: { "Idempotency-Key": `again-${questions}` } };
    const leaving = new AbortController();
    const left = world.client.chat.completions.create(request, { ...options, signal: leaving.signal });
    await world.model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 5);
    leaving.abort();
    await expect(left).rejects.toThrow();
    world.model.release(question);
    const again = await world.client.chat.completions.create(request, options);
    expect(again.choices[0]?.message.content).toBe(scriptedAnswer(question));
    expect(world.model.count(question)).toBe(1);
  });
});

describe("an event ID", () => {
  it("on a repeated request goes on after it in OpenAI's chunks, and asks nothing", async () => {
    const question = `again:${++questions} script:plain:${questions}:200 call:weather:{"a":1} call:weather:{"b":2}`;
    const body = JSON.stringify({ stream: true, messages: [user(question)], stream_options: { include_usage: true } });
    const ask = async (lastEventId: string): Promise<{ data: string; id: string }[]> => {
      const headers = { "Content-Type": "application/json", "Last-Event-ID": lastEventId };
      const response = await fetch(`${world.typebar.url}/v1/chat/completions`, { method: "POST", headers, body });
      return toBlocks(await response.text());
    };
    const whole = (await ask("")).map(({ data, id }) => ({ data, id }));
    for (const [index, { id }] of whole.entries()) {
      expect(join(await ask(id))).toEqual(join(whole.slice(index + 1)));
    }
    expect(world.model.count(question)).toBe(1);
  });

  it("that is not known, or of another question, starts nothing", async () => {
    const question = newQuestion();
    const ask = (lastEventId: string): Promise<unknown> =>
      rejection(
        world.client.chat.completions.create(
          { model: modelName, messages: [user(question)] },
          { headers: { "Last-Event-ID": lastEventId } },
        ),
      );
    expect(await ask("nonsense")).toMatchObject({ status: 409, code: "unknown-event-id" });
    const { headers } = await fetch(`${world.typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message: newQuestion() }),
    });
    const otherId = `${headers.get("Typebar-Generation")}:1.1`;
    expect(await ask(otherId)).toMatchObject({ status: 422, code: "key-reused" });
    expect(world.model.count(question)).toBe(0);
  });
});

describe("stopping", () => {
  it("ends the answer as it is, with what there is of it", async () => {
    const question = newQuestion("deltas:30 hold:10");
    const { data: stream, response } = await world.client.chat.completions
      .create({ model: modelName, messages: [user(question)], stream: true })
      .withResponse();
    await world.model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 10);
    const generationId = response.headers.get("Typebar-Generation");
    await fetch(`${world.typebar.url}/api/generations/${generationId}/stop`, { method: "POST" });
    let text = "";
    let reason: string | null | undefined;
    for await (const { choices } of stream) {
      text += choices[0]?.delta.content ?? "";
      reason = choices[0]?.finish_reason;
    }
    expect(reason).toBe("stop");
    expect(scriptedAnswer(question).startsWith(text)).toBe(true);
  });
});

describe("with a password", () => {
  it("lets in who sends it as the API key, and tells others in OpenAI's shape", async () => {
    await using own = await openOpenAIWorld({ TYPEBAR_PASSWORD: "correct horse battery" });
    const question = newQuestion();
    const request = { model: modelName, messages: [user(question)] };
    const error = await rejection(own.connect({ apiKey: "wrong" }).chat.completions.create(request));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key", type: "authentication_error" });
    expect(await rejection(own.connect({ apiKey: "wrong" }).models.list())).toMatchObject({ status: 401 });
    expect(own.model.requests).toEqual([]);
    const completion = await own.client.chat.completions.create(request);
    expect(completion.choices[0]?.message.content).toBe(scriptedAnswer(question));
  });
});
