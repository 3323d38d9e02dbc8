/** `/api/channels` of a real server: what is published reaches who follows, across cuts, stops and kill -9. */
import { readEventStream } from "@typebar/client";
import { openScriptedModel, openTypebarProcess, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeOf, follow, publish, type ReadEvent } from "./reading.ts";

const env = { TYPEBAR_PUBLISH_KEY: "a key for publishing" };
let typebar: TypebarProcess;
beforeAll(async () => {
  typebar = await openTypebarProcess({ env });
});
afterAll(() => typebar[Symbol.asyncDispose]());

/** Of several channels no order is promised. */
const numbersOf = (events: readonly ReadEvent[]): number[] =>
  events.map(({ data }) => Number(data)).toSorted((a, b) => a - b);
const dataOf = (events: readonly ReadEvent[]): unknown[] => events.map(({ data }) => data);

describe("a channel", () => {
  test("hands what is published to whoever follows, in order, with its name and an ID", async () => {
    const reading = await follow(typebar, "rates/events");
    expect(reading.response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(reading.response.headers.get("content-security-policy")).toContain("default-src 'none'");
    const one = await publish(typebar, "rates", { data: { eur: 1.08 } });
    expect(one.status).toBe(200);
    const { id } = (await one.json()) as { id: string };
    expect(id).toMatch(/^rates@\d+:1$/u);
    const two = await publish(typebar, "rates", { events: [{ event: "gbp", data: null }, { data: [2, "二"] }] });
    const [ready, ...rest] = await reading.until(4);
    expect(ready).toMatchObject({ event: "ready", data: { channels: ["rates"], resumed: false } });
    expect(rest).toEqual([
      { event: "message", data: { eur: 1.08 }, id },
      { event: "gbp", data: null, id: id.replace(/1$/u, "2") },
      { event: "message", data: [2, "二"], id: ((await two.json()) as { id: string }).id },
    ]);
    reading.leave();
  });

  test("is followed together with others over one connection, whose IDs resume all of them", async () => {
    const reading = await follow(typebar, "events?channels=news,sales");
    await publish(typebar, "sales", { data: 1 });
    await publish(typebar, "news", { data: 2 });
    const last = (await reading.until(3)).at(-1);
    expect(numbersOf(reading.events.slice(1))).toEqual([1, 2]);
    reading.leave();
    await publish(typebar, "news", { data: 3 });
    await publish(typebar, "sales", { data: 4 });
    const query = new URLSearchParams({ channels: "sales,news", lastEventId: last?.id ?? "" });
    const resumed = await follow(typebar, `events?${query}`);
    const [ready, ...rest] = await resumed.until(3);
    expect(ready?.data).toEqual({ channels: ["news", "sales"], resumed: true });
    expect(numbersOf(rest)).toEqual([3, 4]);
    resumed.leave();
  });

  test("gives as much of its history as is asked for", async () => {
    await publish(typebar, "past", { events: [1, 2, 3, 4].map((data) => ({ data })) });
    const two = await follow(typebar, "past/events?history=2");
    expect(dataOf((await two.until(3)).slice(1))).toEqual([3, 4]);
    two.leave();
    const none = await follow(typebar, "past/events");
    await publish(typebar, "past", { data: 5 });
    expect(dataOf((await none.until(2)).slice(1))).toEqual([5]);
    none.leave();
  });

  test("says `reset` to an ID that it does not know", async () => {
    await publish(typebar, "lost", { data: "kept" });
    const reading = await follow(typebar, "lost/events", { "Last-Event-ID": "nonsense" });
    const [, reset, kept] = await reading.until(3);
    expect(reset).toMatchObject({ event: "reset", data: { channel: "lost", reason: "unknown" } });
    expect(kept).toMatchObject({ data: "kept" });
    reading.leave();
  });

  test("loses and doubles nothing over kill -9, to a client that comes back by itself", async () => {
    await using server = await openTypebarProcess({ env });
    const seen: unknown[] = [];
    const leaving = new AbortController();
    const reading = readEventStream(`${server.url}/api/channels/orders/events`, {
      signal: leaving.signal,
      backoff: { initialMs: 20, maxMs: 100 },
      onEvent: ({ event, data }) => void seen.push(event === "message" ? JSON.parse(data) : event),
    });
    await expect.poll(() => seen).toEqual(["ready"]);
    const counts = Array.from({ length: 60 }, (_, index) => index);
    for (const count of counts) {
      if (count === 20 || count === 40) {
        await server.kill("SIGKILL");
        await server.start();
      }
      expect((await publish(server, "orders", { data: count })).status).toBe(200);
    }
    const numbers = (): unknown[] => seen.filter((one) => one !== "ready");
    await expect.poll(() => numbers().length, { timeout: 10_000 }).toBe(60);
    expect(numbers()).toEqual(counts);
    leaving.abort();
    await reading.catch(() => undefined);
  });

  test("is cut at SIGTERM, and goes on at the next start after the ID that was had", async () => {
    await using server = await openTypebarProcess({ env });
    const reading = await follow(server, "stock/events");
    await publish(server, "stock", { data: 1 });
    const { id = "" } = (await reading.until(2)).at(-1) ?? {};
    expect(await server.kill("SIGTERM")).toBe(0);
    expect(await reading.ended).toBe("cut");
    await server.start();
    await publish(server, "stock", { data: 2 });
    const resumed = await follow(server, "stock/events", { "Last-Event-ID": id });
    expect(dataOf((await resumed.until(2)).slice(1))).toEqual([2]);
    resumed.leave();
  });

  test("is cut at once while answers get their time to finish; who comes back is served, nothing more is published", async () => {
    await using model = await openScriptedModel();
    await using server = await openTypebarProcess({
      env: { ...env, OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_GRACE_MS: "20000" },
    });
    const question = "script:plain:7:300 deltas:20 hold:5";
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ message: question });
    const asked = await fetch(`${server.url}/api/chat`, { method: "POST", headers, body });
    await model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 5);
    await publish(server, "stock", { data: 1 });
    const reading = await follow(server, "stock/events?history=1");
    await reading.until(2);
    const killed = server.kill("SIGTERM");
    expect(await reading.ended).toBe("cut");
    const again = await follow(server, "stock/events?history=1");
    expect(dataOf((await again.until(2)).slice(1))).toEqual([1]);
    const refused = await publish(server, "stock", { data: 2 });
    expect([refused.status, await codeOf(refused)]).toEqual([503, "draining"]);
    model.release(question);
    expect(await again.ended).toBe("cut");
    expect(await killed).toBe(0);
    await asked.text().catch(() => undefined);
  });
});

describe("what cannot be done", () => {
  const nothing = {};
  test.each([
    ["POST", "online", 403, "reserved-channel", { data: 1 }],
    ["POST", "typebar.later", 403, "reserved-channel", { data: 1 }],
    ["POST", "a%62c", 400, "bad-request", { data: 1 }],
    ["POST", "a".repeat(65), 400, "bad-request", { data: 1 }],
    ["POST", "abc", 400, "bad-request", {}],
    ["POST", "abc", 400, "bad-request", { events: [] }],
    ["POST", "abc", 400, "bad-request", { data: 1, more: 2 }],
    ["POST", "abc", 400, "bad-request", { event: "two\nlines", data: 1 }],
    ["POST", "abc", 400, "bad-request", { event: "reset", data: 1 }],
    ["POST", "abc", 400, "bad-request", { events: [{ data: 1 }, { event: "" }] }],
    ["POST", "abc", 413, "event-too-large", { data: "x".repeat(65_536) }],
    ["POST", "abc", 413, "event-too-large", { events: Array.from({ length: 1001 }, () => ({ data: 1 })) }],
    ["POST", "abc", 413, "body-too-large", { data: "x".repeat(1_000_000) }],
    ["PUT", "abc", 405, "method-not-allowed", { data: 1 }],
    ["GET", ".abc", 400, "bad-request", nothing],
    ["GET", "abc/events/more", 404, "not-found", nothing],
  ])("%s to %s is answered with %i %s, and stores nothing: %#", async (method, name, status, code, body) => {
    const answer = await fetch(`${typebar.url}/api/channels/${name}/events`, {
      method,
      headers: { "Content-Type": "application/json" },
      ...(method !== "GET" && { body: JSON.stringify(body) }),
    });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    const reading = await follow(typebar, "abc/events?history=10");
    await publish(typebar, "abc", { event: "first", data: 0 });
    expect((await reading.until(2)).slice(1).filter(({ event }) => event !== "first")).toEqual([]);
    reading.leave();
  });

  test.each([
    ["events", "no channel is named"],
    [`events?channels=${Array.from({ length: 33 }, (_, index) => `c${index}`).join()}`, "too many are"],
    ["events?channels=a,-b", "one is no channel's name"],
    ["a/events?history=-1", "the history is no number"],
    ["a/events?history=1001", "more history is asked for than is kept"],
  ])("GET %s is refused: %s", async (path) => {
    const answer = await fetch(`${typebar.url}/api/channels/${path}`);
    expect([answer.status, await codeOf(answer)]).toEqual([400, "bad-request"]);
  });

  test("a HEAD, which would never end, and a body that is no JSON", async () => {
    for (const path of ["abc/events", "events", "nothing"]) {
      expect((await fetch(`${typebar.url}/api/channels/${path}`, { method: "HEAD" })).status).toBe(405);
    }
    const url = `${typebar.url}/api/channels/abc/events`;
    expect((await fetch(url, { method: "DELETE" })).headers.get("allow")).toBe("GET, POST");
    expect((await fetch(url, { method: "POST", body: "x" })).status).toBe(415);
    const json = { "Content-Type": "application/json" };
    expect(await codeOf(await fetch(url, { method: "POST", headers: json, body: "{" }))).toBe("body-not-json");
  });
});
