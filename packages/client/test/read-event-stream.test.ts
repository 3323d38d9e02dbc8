/** The same stream by callbacks. */
import { expect, test } from "vitest";
import { readEventStream } from "../src/index.ts";
import { quick } from "./collect.ts";
import { cut, ended, held, serve, status } from "./scripted-server.ts";

const one = "data: one\nid: 1\n\n";
const two = "data: two\nid: 2\n\n";

function onEvent(): void {}

test("each event is handed out once, over however many connections, until the server says that there is no more", async () => {
  await using server = await serve(cut(one), ended(one + two));
  const seen: string[] = [];
  await readEventStream(server.url, {
    ...quick,
    onEvent: ({ data, lastEventId }) => void seen.push(data + lastEventId),
  });
  expect(seen).toEqual(["one1", "two2"]);
  expect(server.requests.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1", "2"]);
});

test("closing the stream ends the reading: nothing more is handed out, and the connection is let go of", async () => {
  await using server = await serve(held(one + two));
  const seen: string[] = [];
  await readEventStream(server.url, {
    onEvent({ data }, stream) {
      seen.push(data);
      stream.close();
    },
  });
  expect(seen).toEqual(["one"]);
  await server.deserted();
});

test("in the callback, the last event ID is that of its event, also where several came at once", async () => {
  await using server = await serve(ended(`${one}data: none\n\n${two}id: 3\n\n`));
  const seen: string[] = [];
  await readEventStream(server.url, {
    ...quick,
    onEvent: ({ data }, stream) => void seen.push(`${data} ${stream.lastEventId}`),
  });
  expect(seen).toEqual(["one 1", "none 1", "two 2"]);
  expect(server.requests.at(-1)?.headers["last-event-id"]).toBe("3");
});

test("an event waits for the promise of the one before it", async () => {
  await using server = await serve(ended(one + two));
  const order: string[] = [];
  await readEventStream(server.url, {
    ...quick,
    async onEvent({ data }) {
      order.push(`${data} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${data} ends`);
    },
  });
  expect(order).toEqual(["one begins", "one ends", "two begins", "two ends"]);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("mine");
    },
  ],
  ["rejects with", () => Promise.reject(new Error("mine"))],
])("what a callback %s ends the reading", async (_, onEvent) => {
  await using server = await serve(held(one + two));
  await expect(readEventStream(server.url, { onEvent })).rejects.toThrow("mine");
  await server.deserted();
});

test("a final error, an abort and useless options reject", async () => {
  await using server = await serve(status(404));
  await expect(readEventStream(server.url, { onEvent })).rejects.toMatchObject({ code: "rejected", status: 404 });
  const reason = new Error("enough");
  await expect(readEventStream(server.url, { onEvent, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(readEventStream("no URL", { onEvent })).rejects.toMatchObject({ code: "invalid-request" });
});
