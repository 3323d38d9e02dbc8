/** Three nodes over one PostgreSQL and one Redis: what becomes of an answer whose node dies, freezes or goes. */
import { setTimeout as sleep } from "node:timers/promises";
import { openEventStream } from "@typebar/client";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  type Cluster,
  openCluster,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "../../src/index.ts";
import type { WireEvent } from "../faults/blocks.ts";
import { judge, wholeAnswer } from "../faults/verdict.ts";

const timeout = 60_000;
const leaseMs = 4000;
let model: ScriptedModel;
let cluster: Cluster;
beforeAll(async () => {
  model = await openScriptedModel();
  cluster = await openCluster({
    env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_GRACE_MS: "300" },
  });
}, timeout);
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  await model.close();
}, timeout);

function nodeAt(index: number): TypebarProcess {
  const node = cluster.nodes[index];
  if (!node) throw new Error(`There is no node ${index}`);
  return node;
}

let asked = 0;

/** Asks one node, and leaves the answer to others. */
async function ask(node: TypebarProcess, directives: string): Promise<{ message: string; generationId: string }> {
  const message = `script:mixed:${++asked}:700 ${directives}`;
  const response = await fetch(`${node.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message }),
  });
  expect(response.status).toBe(200);
  await response.body?.cancel();
  return { message, generationId: response.headers.get("typebar-generation") ?? "" };
}

interface Followed {
  /** Settles with the first piece of text. */
  text: Promise<void>;
  /** What has come so far. */
  received: readonly WireEvent[];
  /** All of it, once the answer is over. */
  events: Promise<WireEvent[]>;
}

function follow(node: TypebarProcess, generationId: string): Followed {
  const stream = openEventStream(`${node.url}/api/generations/${generationId}/events`, {
    headers: { "Typebar-Resume": "1" },
    backoff: { initialMs: 50, maxMs: 200 },
  });
  const { promise: text, resolve: onText } = Promise.withResolvers<void>();
  const events: WireEvent[] = [];
  const readAll = async (): Promise<WireEvent[]> => {
    for await (const { event, data, lastEventId } of stream) {
      events.push({ event, data, id: lastEventId });
      if (data.includes('"text-delta"')) onText();
      if (event === "close") break;
    }
    return events;
  };
  return { text, received: events, events: readAll() };
}

const epochsOf = (events: readonly WireEvent[]): Set<string> =>
  new Set(events.map(({ id = "" }) => id.slice(id.indexOf(":") + 1, id.lastIndexOf("."))));

describe("an answer whose node", () => {
  test("was killed goes on at another, exact to the character", { timeout }, async () => {
    const { message, generationId } = await ask(nodeAt(0), "delay:15");
    const followed = [follow(nodeAt(1), generationId), follow(nodeAt(2), generationId)];
    await Promise.all(followed.map(({ text }) => text));
    await nodeAt(0).kill("SIGKILL");
    for (const events of await Promise.all(followed.map((follower) => follower.events))) {
      expect(judge(events)).toEqual(wholeAnswer(scriptedAnswer(message)));
      expect(epochsOf(events).size).toBe(2);
    }
    await nodeAt(0).start();
    // The node that was killed shows it too, under the same event IDs.
    expect(judge(await follow(nodeAt(0), generationId).events)).toEqual(wholeAnswer(scriptedAnswer(message)));
    expect(model.violations).toEqual([]);
  });

  test(
    "was frozen goes on at another; the frozen one wakes up, writes nothing more and lets go of the model",
    { timeout },
    async () => {
      // Its model falls silent in the middle: only the lease can tell the sleeper that the answer is not its own any more.
      const { message, generationId } = await ask(nodeAt(0), "delay:10 hold:30");
      const followed = follow(nodeAt(1), generationId);
      // All that the model has said is kept: no append is left to be refused.
      const { textSent } = await model.waitFor(({ key, deltasSent }) => key === message && deltasSent === 30);
      await vi.waitFor(() => expect(judge(followed.received).text).toBe(textSent), { timeout: 10_000 });
      const pid = nodeAt(0).pid ?? 0;
      process.kill(-pid, "SIGSTOP");
      await model.waitFor(({ key, kind }) => key === message && kind !== "start");
      process.kill(-pid, "SIGCONT");
      await model.waitFor(({ key, kind, outcome }) => key === message && kind === "start" && outcome === "aborted");
      model.release(message);
      const events = await followed.events;
      expect(judge(events)).toEqual(wholeAnswer(scriptedAnswer(message)));
      expect(epochsOf(events).size).toBe(2);
      expect(model.count(message)).toBe(2);
    },
  );

  test("is stopped by SIGTERM is handed over at once, and is not counted as cut off", { timeout }, async () => {
    const { message, generationId } = await ask(nodeAt(0), "delay:15");
    const followed = follow(nodeAt(1), generationId);
    await followed.text;
    expect(await nodeAt(0).kill("SIGTERM")).toBe(0);
    expect(judge(await followed.events)).toEqual(wholeAnswer(scriptedAnswer(message)));
    await nodeAt(0).start();
  });
});

describe("a node whose models are silent for longer than a lease lasts", () => {
  test("keeps its answers: nobody takes them up, and no model is asked again", { timeout }, async () => {
    // Of several, some are the other nodes' share to take up, should a lease run out.
    const asked = await Promise.all(Array.from({ length: 6 }, () => ask(nodeAt(0), "delay:5 hold:20")));
    const followed = asked.map(({ generationId }) => follow(nodeAt(1), generationId));
    await Promise.all(followed.map(({ text }) => text));
    await sleep(leaseMs * 2);
    for (const { message } of asked) model.release(message);
    for (const [index, { message }] of asked.entries()) {
      const events = (await followed[index]?.events) ?? [];
      expect(judge(events)).toEqual(wholeAnswer(scriptedAnswer(message)));
      expect(epochsOf(events).size).toBe(1);
      expect(model.count(message)).toBe(1);
    }
  });
});

async function tryPassword({ url }: TypebarProcess, token: string): Promise<number> {
  return (await fetch(`${url}/api/models`, { headers: { token } })).status;
}

describe("from any node", () => {
  test("an answer can be stopped", { timeout }, async () => {
    const { message, generationId } = await ask(nodeAt(0), "delay:5 hold:30");
    await model.waitFor(({ key, deltasSent }) => key === message && deltasSent === 30);
    const stop = await fetch(`${nodeAt(2).url}/api/generations/${generationId}/stop`, { method: "POST" });
    expect(stop.status).toBe(202);
    const verdict = judge(await follow(nodeAt(1), generationId).events);
    expect(verdict).toMatchObject({ terminals: ["abort"], state: "stopped" });
    expect(scriptedAnswer(message).startsWith(verdict.text)).toBe(true);
    await model.waitFor(({ key, outcome }) => key === message && outcome === "aborted");
  });

  test("the streams that are open at all of them are counted", { timeout }, async () => {
    const abort = new AbortController();
    const streams = await Promise.all(
      cluster.nodes.map(({ url }) => fetch(`${url}/api/channels/online/events`, { signal: abort.signal })),
    );
    const reader = streams[2]?.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes(`"followers":3`)) text += (await reader?.read())?.value ?? "";
    abort.abort();
  });

  test("whoever guesses the password here and there has to wait everywhere", { timeout }, async () => {
    const env = {
      DATABASE_URL: cluster.postgres.url,
      REDIS_URL: cluster.redis.url,
      TYPEBAR_PASSWORD: "open sesame",
      OPENAI_BASE_URL: model.url,
    };
    await using one = await openTypebarProcess({ env });
    await using other = await openTypebarProcess({ env });
    const looked: TypebarProcess[] = [];
    // The third makes all wait, for a second: were each counted alone, nobody would have to.
    while (looked.length < 4) {
      const node = looked.length % 2 === 0 ? one : other;
      if ((await tryPassword(node, "guess")) === 401) looked.push(node);
    }
    expect([await tryPassword(one, "open sesame"), await tryPassword(other, "open sesame")]).toEqual([429, 429]);
  });
});
