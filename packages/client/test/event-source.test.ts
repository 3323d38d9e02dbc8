/** The standard's interface: states, events, reconnection, and what ends it. */
import { expect, test } from "vitest";
import { EventSource, EventSourceErrorEvent } from "../src/index.ts";
import type { EventSourceOptions } from "../src/index.ts";
import { cut, ended, held, serve, status } from "./scripted-server.ts";
import type { ScriptedAnswer } from "./scripted-server.ts";

const backoff = { initialMs: 1, maxMs: 2 };

/** Follows until the source is closed, or an event named `close` comes. */
async function follow(
  url: string,
  options: EventSourceOptions = {},
  names: string[] = [],
): Promise<{ log: unknown[]; source: EventSource }> {
  const source = new EventSource(url, { backoff, ...options });
  const log: unknown[] = [`created ${source.readyState}`];
  await new Promise<void>((resolve) => {
    Object.assign(source, {
      onopen: () => log.push(`open ${source.readyState}`),
      onerror() {
        log.push(`error ${source.readyState}`);
        if (source.readyState === source.CLOSED) resolve();
      },
      onmessage: ({ data, lastEventId }: MessageEvent) => log.push([data, lastEventId]),
    });
    for (const name of names) source.addEventListener(name, ({ type, data }: MessageEvent) => log.push([type, data]));
    source.addEventListener("close", () => {
      source.close();
      resolve();
    });
  });
  return { log, source };
}

test("opens, hands out messages and named events with IDs, reconnects after an end and a cut", async () => {
  await using server = await serve(
    ended("data: a\nid: 1\n\nevent: named\ndata: b\n\n"),
    cut("data: c\nid: 2\n\n"),
    ended("event: close\ndata: x\n\ndata: after\n\n"),
  );
  const { log, source } = await follow(server.url, {}, ["named"]);
  expect(log).toEqual([
    "created 0",
    "open 1",
    ["a", "1"],
    ["named", "b"],
    "error 0",
    "open 1",
    ["c", "2"],
    "error 0",
    "open 1",
  ]);
  expect(source.readyState).toBe(2);
  expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2"]);
  expect(server.requests[0]).toMatchObject({ method: "GET", headers: { accept: "text/event-stream" } });
});

test.each<[string, ScriptedAnswer]>([
  ["204", status(204)],
  ["404", status(404)],
  ["429", status(429)],
  ["503", status(503, { "Content-Type": "text/event-stream" }, "data: x\n\n")],
  ["another content type", status(200, { "Content-Type": "text/plain" }, "data: x\n\n")],
])("an answer of %s closes it for good", async (_, answer) => {
  await using server = await serve(answer, ended("data: x\n\n"));
  const { log } = await follow(server.url);
  expect(log).toEqual(["created 0", "error 2"]);
  expect(server.requests.length).toBe(1);
});

test("an error event tells why", async () => {
  await using server = await serve(status(404));
  const source = new EventSource(server.url);
  const event = await new Promise((resolve) => {
    source.addEventListener("error", resolve);
  });
  expect(event).toBeInstanceOf(EventSourceErrorEvent);
  expect(event).toMatchObject({ error: { code: "rejected", status: 404 } });
});

test("messages have the origin that answered, and an ID that stays until another is stated", async () => {
  await using server = await serve(ended("data: a\nid: 7\n\ndata: b\n\ndata: c\nid\n\nevent: close\ndata: x\n\n"));
  const seen: unknown[] = [];
  const source = new EventSource(new URL(server.url));
  source.addEventListener("message", ({ origin, lastEventId }: MessageEvent) => seen.push([origin, lastEventId]));
  await new Promise<void>((resolve) => {
    source.addEventListener("close", () => resolve());
  });
  source.close();
  const { origin } = new URL(server.url);
  expect(seen).toEqual([
    [origin, "7"],
    [origin, "7"],
    [origin, ""],
  ]);
  expect(source.url).toBe(server.url);
  expect(source.withCredentials).toBe(false);
});

test("what a server repeats is handed out again, as the standard has it", async () => {
  await using server = await serve(ended("data: a\nid: 1\n\n"), ended("data: a\nid: 1\n\nevent: close\ndata: x\n\n"));
  const { log } = await follow(server.url);
  expect(log.filter((entry) => Array.isArray(entry))).toEqual([
    ["a", "1"],
    ["a", "1"],
  ]);
});

test("method, headers and body are sent at each attempt", async () => {
  await using server = await serve(cut("data: a\nid: 1\n\n"), ended("event: close\ndata: x\n\n"));
  await follow(server.url, { method: "POST", headers: { token: "t" }, body: "question" });
  const same = { method: "POST", body: "question", headers: { token: "t" } };
  expect(server.requests).toMatchObject([same, same]);
});

test("credentials go along where they are asked for", async () => {
  const seen: unknown[] = [];
  const fetch = async (_: unknown, init?: RequestInit): Promise<Response> => {
    seen.push(init?.credentials, init?.cache);
    return new Response(null, { status: 204 });
  };
  await follow("http://127.0.0.1/", { fetch });
  await follow("http://127.0.0.1/", { fetch, withCredentials: true });
  expect(seen).toEqual(["same-origin", "no-store", "include", "no-store"]);
});

test("close stops everything: no event, no request, the connection let go of", async () => {
  await using server = await serve(held("data: a\n\ndata: b\n\n"));
  const source = new EventSource(server.url);
  const seen: string[] = [];
  await new Promise<void>((resolve) => {
    source.addEventListener("message", ({ data }: MessageEvent<string>) => {
      seen.push(data);
      source.close();
      resolve();
    });
    source.addEventListener("error", () => seen.push("error"));
  });
  await server.deserted();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect({ seen, state: source.readyState, requests: server.requests.length }).toEqual({
    seen: ["a"],
    state: 2,
    requests: 1,
  });
});

test("a handler that is replaced keeps its place, one that is taken away is not called", async () => {
  await using server = await serve(ended("data: a\n\nevent: close\ndata: x\n\n"));
  const source = new EventSource(server.url);
  const order: string[] = [];
  Object.assign(source, { onmessage: () => order.push("replaced"), onopen: () => order.push("open") });
  source.addEventListener("message", () => order.push("listener"));
  Object.assign(source, { onmessage: () => order.push("handler"), onopen: null });
  expect(source.onopen).toBeNull();
  await new Promise<void>((resolve) => {
    source.addEventListener("close", () => resolve());
  });
  source.close();
  expect(order).toEqual(["handler", "listener"]);
});

test("what is no URL is a SyntaxError, and the states have their numbers", () => {
  expect(() => new EventSource("no URL")).toThrow(expect.objectContaining({ name: "SyntaxError" }));
  expect([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED]).toEqual([0, 1, 2]);
});
