import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { openScriptedModel, type ScriptedModel, scriptedAnswer, scriptedReasoning } from "../src/index.ts";

interface Delta {
  content?: string;
  reasoning_content?: string;
}

async function ask(model: ScriptedModel, messages: unknown[], name = "scripted"): Promise<Response> {
  return fetch(`${model.url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: name, stream: true, messages }),
  });
}

async function readDeltas(response: Response): Promise<Delta[]> {
  const blocks = (await response.text()).split("\n\n").filter((block) => block.startsWith("data: {"));
  return blocks.flatMap((block) => {
    const chunk: { choices: { delta: Delta }[] } = JSON.parse(block.slice(6));
    return chunk.choices.map((choice) => choice.delta);
  });
}

const joinText = (deltas: Delta[]): string => deltas.map((delta) => delta.content ?? "").join("");
const goOn = "You were cut off. Please continue.";
const user = (content: string): unknown => ({ role: "user", content });
const assistant = (content: string): unknown => ({ role: "assistant", content });

describe("the scripted model", () => {
  it("says exactly the scripted answer, in the asked number of deltas", async () => {
    await using model = await openScriptedModel();
    const prompt = "script:mixed:7:2000 deltas:50 reasoning:80";
    const deltas = await readDeltas(await ask(model, [user(prompt)]));
    expect(joinText(deltas)).toBe(scriptedAnswer(prompt));
    expect(deltas.filter((delta) => delta.content)).toHaveLength(50);
    expect(deltas.map((delta) => delta.reasoning_content ?? "").join("")).toBe(scriptedReasoning(prompt));
    expect(model.count(prompt)).toBe(1);
    expect(model.requests[0]?.outcome).toBe("completed");
    expect(scriptedAnswer(prompt)).toMatch(/👨‍👩‍👧‍👦[\s\S]*data: \[DONE\]|data: \[DONE\][\s\S]*👨‍👩‍👧‍👦/u);
  });

  it("goes on exactly after a prefill and after a request to continue", async () => {
    await using model = await openScriptedModel();
    const prompt = "script:mixed:8:600";
    const answer = scriptedAnswer(prompt);
    const kept = Array.from(answer).slice(0, 200).join("");
    const prefilled = await readDeltas(await ask(model, [user(prompt), assistant(kept)]));
    const prompted = await readDeltas(await ask(model, [user(prompt), assistant(kept), user(goOn)]));
    expect(kept + joinText(prefilled)).toBe(answer);
    expect(kept + joinText(prompted)).toBe(answer);
    expect(model.requests.map((request) => request.kind)).toEqual(["prefill", "prompt"]);
    expect(model.violations).toEqual([]);
  });

  it("has nothing to add to a text that was kept whole", async () => {
    await using model = await openScriptedModel();
    const prompt = "script:mixed:8:200";
    const whole = assistant(scriptedAnswer(prompt));
    expect(joinText(await readDeltas(await ask(model, [user(prompt), whole])))).toBe("");
    expect(joinText(await readDeltas(await ask(model, [user(prompt), whole, user(goOn)])))).toBe("");
    const next = "script:mixed:9:200";
    expect(joinText(await readDeltas(await ask(model, [user(prompt), whole, user(next)])))).toBe(scriptedAnswer(next));
  });

  it.each([
    ["overlaps", 170],
    ["restarts", 0],
  ])("goes on wrongly on purpose (%s)", async (name, start) => {
    await using model = await openScriptedModel();
    const prompt = "script:mixed:8:600";
    const answer = Array.from(scriptedAnswer(prompt));
    const messages = [user(prompt), assistant(answer.slice(0, 200).join("")), user(goOn)];
    expect(joinText(await readDeltas(await ask(model, messages, name)))).toBe(answer.slice(start).join(""));
  });

  it("runs as a process of its own", async () => {
    const main = fileURLToPath(new URL("../src/scripted-model-main.ts", import.meta.url));
    const child = spawn(process.execPath, [main, "--owned-by", "vllm"], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const { value: line } = await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
      const { url }: { url: string } = JSON.parse(String(line));
      const prompt = "script:plain:1:100 hold:2";
      const asked = fetch(`${url}/chat/completions`, {
        method: "POST",
        body: JSON.stringify({ model: "scripted", stream: true, messages: [user(prompt)] }),
      });
      const control = new URL("/", url);
      await fetch(new URL(`release?key=${encodeURIComponent(prompt)}`, control), { method: "POST" });
      expect(joinText(await readDeltas(await asked))).toBe(scriptedAnswer(prompt));
      const state: unknown = await (await fetch(new URL("requests", control))).json();
      expect(state).toMatchObject({ requests: [{ key: prompt, outcome: "completed" }], violations: [] });
    } finally {
      child.kill();
    }
  });

  it("refuses a kept text that is not byte for byte a prefix of the answer", async () => {
    await using model = await openScriptedModel();
    const prompt = "script:mixed:9:600";
    const kept = scriptedAnswer(prompt).slice(0, 50);
    const response = await ask(model, [user(prompt), assistant(`${kept}\u0000`)]);
    expect(response.status).toBe(400);
    expect(model.violations).toHaveLength(1);
  });

  it("holds an answer until it is released, and sees that a client went away", async () => {
    await using model = await openScriptedModel();
    const prompt = "script:plain:1:300 deltas:10 hold:4";
    const first = new AbortController();
    await fetch(`${model.url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "scripted", stream: true, messages: [user(prompt)] }),
      signal: first.signal,
    });
    await model.waitFor((request) => request.deltasSent === 4);
    first.abort();
    await model.waitFor((request) => request.outcome === "aborted");
    model.release(prompt);
    expect(joinText(await readDeltas(await ask(model, [user(prompt)])))).toBe(scriptedAnswer(prompt));
    expect(model.count(prompt)).toBe(2);
  });

  it("suffers a fault as often as the prompt says", async () => {
    await using model = await openScriptedModel();
    const prompt = "script:plain:2:100 fault:429";
    const limited = await ask(model, [user(prompt)]);
    expect([limited.status, limited.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(joinText(await readDeltas(await ask(model, [user(prompt)])))).toBe(scriptedAnswer(prompt));
  });

  it("never writes two texts that begin alike", () => {
    const starts = Array.from({ length: 200 }, (_, seed) => scriptedAnswer(`script:mixed:${seed}:100`).slice(0, 12));
    expect(new Set(starts).size).toBe(200);
  });
});
