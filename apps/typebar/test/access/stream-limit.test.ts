/** How many event streams an address may have open, over HTTP: answers and channels count together. */
import { openScriptedModel, openTypebarProcess, type ScriptedModel, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeOf, follow } from "../channels/reading.ts";

/** For what is only a matter of time. */
const patience = { timeout: 10_000 };
const owner = { Authorization: "Bearer correct horse" };
let model: ScriptedModel;
let typebar: TypebarProcess;
beforeAll(async () => {
  model = await openScriptedModel();
  typebar = await openTypebarProcess({
    env: {
      TYPEBAR_PASSWORD: "correct horse",
      HOST: "0.0.0.0",
      TYPEBAR_STREAMS_PER_ADDRESS: "2",
      TYPEBAR_PROXIES: "10.0.0.0/8",
      OPENAI_BASE_URL: model.url,
      TYPEBAR_MODEL: "scripted",
    },
  });
});
afterAll(async () => {
  await typebar[Symbol.asyncDispose]();
  await model.close();
});

const from = (address: string): Record<string, string> => ({ ...owner, "X-Forwarded-For": address });

function ask(path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  return fetch(typebar.url + path, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

async function countConversations(): Promise<number> {
  const page = await fetch(`${typebar.url}/api/conversations`, { headers: owner });
  return ((await page.json()) as { conversations: unknown[] }).conversations.length;
}

test("one too many is refused before anything begins; those that are open stay, and a place that is free again is taken", async () => {
  const headers = from("198.51.100.1");
  const held = "script:plain:3:200 deltas:20 hold:3";
  const channel = await follow(typebar, "a/events", headers);
  const answer = await ask("/api/chat", { message: held }, headers);
  expect(answer.status).toBe(200);

  const follows = await fetch(`${typebar.url}/api/channels/a/events`, { headers });
  expect([follows.status, follows.headers.get("retry-after"), await codeOf(follows)]).toEqual([
    429,
    "5",
    "too-many-streams",
  ]);
  const before = [await countConversations(), model.requests.length];
  const starts = await ask("/api/chat", { message: "one more" }, headers);
  expect([starts.status, await codeOf(starts)]).toEqual([429, "too-many-streams"]);
  const completes = await ask(
    "/v1/chat/completions",
    { messages: [{ role: "user", content: "x" }], stream: true },
    headers,
  );
  expect([completes.status, await completes.json()]).toMatchObject([
    429,
    { error: { type: "rate_limit_error", code: "too-many-streams" } },
  ]);
  expect([await countConversations(), model.requests.length]).toEqual(before);
  const generation = answer.headers.get("typebar-generation") ?? "";
  const again = await fetch(`${typebar.url}/api/generations/${generation}/events`, { headers });
  expect(again.status).toBe(429);
  // What is no stream is not counted.
  expect((await fetch(`${typebar.url}/api/models`, { headers })).status).toBe(200);

  model.release(held);
  expect(await answer.text()).toContain("[DONE]");
  await expect
    .poll(async () => {
      const retried = await fetch(`${typebar.url}/api/generations/${generation}/events`, { headers });
      await retried.text();
      return retried.status;
    }, patience)
    .toBe(200);
  channel.leave();
});

test("another address has its own places; one IPv6 network is one address", async () => {
  const open = [await follow(typebar, "a/events", from("2001:db8:1:2::1"))];
  open.push(await follow(typebar, "a/events", from("2001:db8:1:2:ffff::9")));
  const refused = await fetch(`${typebar.url}/api/channels/a/events`, { headers: from("2001:0db8:0001:0002::3") });
  expect(refused.status).toBe(429);
  open.push(await follow(typebar, "a/events", from("2001:db8:1:3::1")), await follow(typebar, "a/events", owner));
  for (const reading of open) reading.leave();
});

test("visitors behind a proxy on another machine, which is configured, have places of their own", async () => {
  const visitors = [
    "198.51.100.3, 10.1.2.3",
    "198.51.100.3, 10.9.9.9",
    "198.51.100.4, 10.1.2.3",
    "198.51.100.5, 10.1.2.3",
  ];
  const open = await Promise.all(visitors.map((noted) => follow(typebar, "a/events", from(noted))));
  const third = from("made up, 198.51.100.3, 10.1.2.3");
  expect((await fetch(`${typebar.url}/api/channels/a/events`, { headers: third })).status).toBe(429);
  for (const reading of open) reading.leave();
});

test("who leaves gives the place back", async () => {
  const headers = from("198.51.100.2");
  for (let round = 0; round < 3; round++) {
    const pair = await Promise.all([follow(typebar, "a/events", headers), follow(typebar, "b/events", headers)]);
    for (const reading of pair) reading.leave();
    await expect
      .poll(async () => {
        const tried = new AbortController();
        const response = await fetch(`${typebar.url}/api/channels/a/events`, { headers, signal: tried.signal });
        tried.abort();
        return response.status;
      }, patience)
      .toBe(200);
    await expect.poll(openStreams, patience).toBe(0);
  }
});

test("are counted in the metrics", async () => {
  expect(await read(/^typebar_stream_refusals_total\{code="too-many-connections"\} (\d+)$/mu)).toBeGreaterThan(4);
});

const openStreams = (): Promise<number> => read(/^typebar_open_streams (\d+)$/mu);

async function read(form: RegExp): Promise<number> {
  const text = await (await fetch(`${typebar.url}/metrics`, { headers: owner })).text();
  return Number(form.exec(text)?.[1]);
}
