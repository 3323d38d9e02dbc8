/** Limits on attempts and on the whole time: what is counted, and how the stream ends at them. */
import { expect, test } from "vitest";
import { openEventStream } from "../src/index.ts";
import { collect, quick } from "./collect.ts";
import { cut, ended, held, serve, status } from "./scripted-server.ts";

const one = "data: one\nid: 1\n\n";

test("after so many attempts in a row the stream ends, with the last loss as the cause", async () => {
  await using server = await serve(status(500), cut(one), status(503), ended(one));
  const { data, error } = await collect(server.url, { maxAttempts: 3 });
  expect(data).toEqual(["one"]);
  expect(error).toMatchObject({ code: "attempts-exhausted", cause: { code: "unavailable", status: 503 } });
  expect(server.requests.length).toBe(3);
});

test("with one attempt nothing is repeated", async () => {
  await using server = await serve(ended(one), ended(one));
  const { data, error } = await collect(server.url, { maxAttempts: 1 });
  expect(data).toEqual(["one"]);
  expect(error).toMatchObject({ code: "attempts-exhausted", cause: { code: "ended" } });
  expect(server.requests.length).toBe(1);
});

test("a healthy spell makes the count begin again", async () => {
  await using server = await serve(...Array.from({ length: 6 }, () => ended(one)));
  const { error } = await collect(server.url, { maxAttempts: 2, healthyMs: 0 });
  expect(error).toBeUndefined();
  expect(server.requests.length).toBe(7);
});

test("an answer that is final is told as it is, whatever the attempts", async () => {
  await using server = await serve(status(500), status(404));
  expect((await collect(server.url, { maxAttempts: 2 })).error).toMatchObject({ code: "rejected", status: 404 });
});

test.each([
  ["an open connection", held(one)],
  ["a request without an answer", () => {}],
  ["a pause", status(503, { "Retry-After": "1000" })],
])("%s ends when the whole time is over, and is let go of", async (_, answer) => {
  await using server = await serve(answer);
  const { error } = await collect(server.url, { totalMs: 50 });
  expect(error).toMatchObject({ code: "timed-out" });
  await server.deserted();
});

test("what came before the time was over is handed out, and the loss that was being waited out is the cause", async () => {
  await using server = await serve(held(`${one}data: two\n\n`));
  await using stream = openEventStream(server.url, { ...quick, totalMs: 1000 });
  await stream.next();
  while (stream.state.name !== "closed") await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await stream.next()).toMatchObject({ value: { data: "two" } });
  await expect(stream.next()).rejects.toMatchObject({ code: "timed-out", cause: undefined });
  await using other = await serve(status(503, { "Retry-After": "1000" }));
  const { error } = await collect(other.url, { totalMs: 50 });
  expect(error).toMatchObject({ code: "timed-out", cause: { code: "unavailable" } });
});

test("options that JavaScript gives as undefined are not given", async () => {
  await using server = await serve(ended("event: close\ndata: x\n\n"));
  const nothing = {
    silenceMs: undefined,
    lastEventId: undefined,
    fetch: undefined,
    clock: undefined,
    signal: undefined,
  };
  // @ts-expect-error The types of a strict caller refuse it.
  expect((await collect(server.url, nothing)).data).toEqual(["x"]);
});
