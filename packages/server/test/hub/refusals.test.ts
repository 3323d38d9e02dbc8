import * as fc from "fast-check";
import { openMemoryLog } from "@typebar/log/memory";
import { expect, it } from "vitest";
import { createHub, HubError, type HubErrorCode } from "../../src/index.ts";
import { observeLog } from "../observed-log.ts";
import { eventually } from "../stream-server.ts";
import { dataOf, eventsOf, lastIdOf, numbers, readyOf, refusalOf, startHub, untilCount } from "./hub-world.ts";

/** The code of what a publishing is refused with. */
async function codeOf(work: Promise<unknown>): Promise<HubErrorCode | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof HubError) return error.code;
    throw error;
  }
}

it.each(["a b", "-a", ".a", "", "é", "a/b", "a,b", "a@b", "a:b", "a\nb", "a\0b", "\ufeffa", "x".repeat(65)])(
  "takes no channel of the name %j",
  async (name) => {
    const hub = createHub({ log: openMemoryLog() });
    expect(await codeOf(hub.publish(name, { data: 0 }))).toBe("bad-channel");
    const refused = await hub.respond(new Request("http://localhost/"), { channels: ["rates", name] });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ code: "bad-channel", status: 400 });
    await hub.close();
  },
);

it.each(["ready", "reset", "presence", "open", "error", "", "a\nb", "a\rb", "a\0b", "\ud800"])(
  "takes no event of the name %j",
  async (event) => {
    const hub = createHub({ log: openMemoryLog() });
    expect(await codeOf(hub.publish("rates", { event, data: 0 }))).toBe("bad-event");
    await hub.close();
  },
);

it("takes no data that has no JSON form", async () => {
  const hub = createHub({ log: openMemoryLog() });
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  for (const data of [undefined, () => 0, Symbol("s"), 1n, circle]) {
    expect(await codeOf(hub.publish("rates", { data }))).toBe("bad-event");
  }
  expect(await codeOf(hub.publish("rates", []))).toBe("bad-event");
  await hub.close();
});

it("takes events of so many bytes, and so many at once", async () => {
  await using world = await startHub({ log: openMemoryLog(), limits: { eventBytes: 20, eventsPerPublish: 2 } });
  const client = await world.join("/rates");
  // Name, line break, and JSON with its quotes.
  await world.hub.publish("rates", { event: "quote", data: "x".repeat(12) });
  expect(await codeOf(world.hub.publish("rates", { event: "quote", data: "x".repeat(13) }))).toBe("event-too-large");
  expect(await codeOf(world.hub.publish("rates", { event: "quote", data: "汉".repeat(5) }))).toBe("event-too-large");
  expect(await codeOf(world.hub.publish("rates", numbers(0, 3)))).toBe("event-too-large");
  await world.hub.publish("rates", numbers(0, 2));
  await untilCount(client, 3);
});

it("stores none of several events where one cannot be", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const client = await world.join("/rates");
  expect(await codeOf(world.hub.publish("rates", [{ data: 0 }, { event: "a\nb", data: 1 }]))).toBe("bad-event");
  await world.hub.publish("rates", { data: 2 });
  await untilCount(client, 1);
  expect(dataOf(client)).toEqual([2]);
});

it("takes only a whole number for the history that is asked for", async () => {
  const hub = createHub({ log: openMemoryLog() });
  for (const history of [-1, 0.5, Number.NaN]) {
    const opened = hub.respond(new Request("http://localhost/"), { channels: ["rates"], history });
    await expect(opened).rejects.toThrow(TypeError);
  }
  expect(hub.openCount).toBe(0);
  await hub.close();
});

it("says that the store does not answer, stores nothing and leaves nothing behind", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log, limits: { connections: 1 } });
  const { id } = await world.hub.publish("rates", { data: 0 });
  log.down = true;
  const unavailable = { status: 503, code: "store-unavailable" };
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(await refusalOf(world.follow("/rates"))).toEqual(unavailable);
    expect(await refusalOf(world.follow("/rates", { lastEventId: id }))).toEqual(unavailable);
    expect(await codeOf(world.hub.publish("rates", { data: 1 }))).toBe("store-unavailable");
  }
  log.down = false;
  const client = await world.join("/rates", { lastEventId: id });
  await world.hub.publish("rates", { data: 2 });
  await untilCount(client, 1);
  expect(dataOf(client)).toEqual([2]);
});

it("goes on where it was when the store answers again, for those who stayed", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log });
  const client = await world.join("/rates");
  await world.hub.publish("rates", { data: 0 });
  await untilCount(client, 1);
  log.failing = true;
  await world.hub.publish("rates", { data: 1 });
  await new Promise(setImmediate);
  log.failing = false;
  await world.hub.publish("rates", { data: 2 });
  await untilCount(client, 3);
  expect(dataOf(client)).toEqual([0, 1, 2]);
});

it("closes for good: the open ones are cut off, those on their way and later ones refused", async () => {
  const log = observeLog(openMemoryLog());
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let asked = 0;
  await using world = await startHub({
    log,
    presence: () => "users",
    authorize: ({ user }) => {
      asked += 1;
      return user === "slow" ? promise : true;
    },
  });
  const open = await world.join("/rates?user=ann");
  const pending = world.follow("/rates?user=slow");
  await eventually(() => asked === 2);
  await world.hub.close();
  await open.closed;
  expect(open.hasLastChunk()).toBe(false);
  expect(world.hub.openCount).toBe(0);
  resolve(true);
  const draining = { status: 503, code: "draining" };
  expect(await refusalOf(pending)).toEqual(draining);
  expect(await refusalOf(world.follow("/rates", { lastEventId: lastIdOf(open) }))).toEqual(draining);
  await eventually(() => log.watcherCount === 0);
  // What the server has still to say is stored for those who come to the next one.
  await world.hub.publish("rates", { data: 0 });
});

it("cuts those off who ask for an event stream by name while it is being closed, so that they come back: a refusal ends an EventSource", async () => {
  const ended: string[] = [];
  const observer = { closed: (reason: string): void => void ended.push(reason) };
  await using world = await startHub({ log: openMemoryLog(), timings: { retryMs: 777, retrySpreadMs: 0 }, observer });
  await world.hub.close();
  const headers = { Accept: "text/event-stream" };
  const node = await fetch(`http://127.0.0.1:${world.port}/rates`, { headers });
  const web = await world.hub.respond(new Request("http://localhost/", { headers }), { channels: ["rates"] });
  for (const { status, body } of [node, web]) {
    expect(status).toBe(200);
    const reader = body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? "").toString()).toMatch(/^retry: 777\n: +\n$/);
    await expect(reader?.read()).rejects.toThrow();
  }
  expect(ended).toEqual(["shutdown", "shutdown"]);
  expect(world.hub.openCount).toBe(0);
  // Whoever asks for anything is told in words.
  const plain = await world.hub.respond(new Request("http://localhost/"), { channels: ["rates"] });
  expect([plain.status, await plain.json()]).toMatchObject([503, { code: "draining" }]);
});

it("closes while many are being opened, and none stays", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log, presence: () => "count" });
  log.pause = () => new Promise((resolve) => setImmediate(resolve));
  const clients = Array.from({ length: 40 }, () => world.follow("/rates,sales"));
  await eventually(() => world.hub.openCount > 0);
  await world.hub.close();
  await Promise.all(
    clients.map(async (client) => client.until(() => client.socket.closed || client.body().includes("draining"))),
  );
  expect(world.hub.openCount).toBe(0);
  await eventually(() => log.watcherCount === 0);
  expect((await world.hub.presence("rates")).count).toBe(0);
});

const awkward = fc.string({
  unit: fc.oneof(
    fc.constantFrom("\r", "\n", "\r\n", "\0", "\ufeff", "\u2028", "\ud800", ":", " ", "id: 7", "data:", "汉"),
    fc.string({ minLength: 1, maxLength: 3 }),
  ),
  maxLength: 12,
});

it("lets no name or data say anything but itself, whatever characters it has", async () => {
  await using world = await startHub({ log: openMemoryLog() });
  const client = await world.join("/rates");
  const expected: Array<[string, unknown]> = [];
  await fc.assert(
    fc.asyncProperty(awkward, awkward, async (event, text) => {
      // As JSON has it: half a surrogate pair stays what it is.
      const code = await codeOf(world.hub.publish("rates", { event, data: { text } }));
      if (code === undefined) expected.push([event, { text }]);
      const isName = /^[^\r\n\0]+$/.test(event) && event.isWellFormed();
      expect(code).toBe(isName ? undefined : "bad-event");
    }),
    { seed: 4, numRuns: 300 },
  );
  expect(expected.length).toBeGreaterThan(50);
  await untilCount(client, expected.length);
  const told = eventsOf(client);
  expect(told.map(({ event, data }) => [event, JSON.parse(data)])).toEqual(expected);
  expect(told.map(({ lastEventId }) => lastEventId)).toEqual(
    told.map((_, index) => lastIdOf(client).replace(/\d+$/, String(index + 1))),
  );
});

it("takes no channel name that has more to say", async () => {
  const hub = createHub({ log: openMemoryLog() });
  await fc.assert(
    fc.asyncProperty(awkward, async (name) => {
      const isName = /^[A-Za-z0-9][\w.-]{0,63}$/.test(name) && !name.endsWith("\n");
      expect(await codeOf(hub.publish(name, { data: 0 }))).toBe(isName ? undefined : "bad-channel");
    }),
    { seed: 4, numRuns: 300 },
  );
  await hub.close();
});

it("takes any text for an ID: it goes on, or says that the place is lost", async () => {
  const hub = createHub({ log: openMemoryLog() });
  const { id } = await hub.publish("rates", numbers(0, 2));
  const part = fc.constantFrom(
    "rates",
    "sales",
    "@",
    ":",
    ",",
    "0",
    "1",
    "2",
    "-1",
    "1e3",
    /@(\d+)/.exec(id)?.[1] ?? "",
  );
  const ids = fc.oneof(
    awkward,
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
  );
  await fc.assert(
    fc.asyncProperty(ids, async (lastEventId) => {
      const { body } = await hub.respond(new Request("http://localhost/"), { channels: ["rates"], lastEventId });
      const reader = body?.getReader();
      const text = Buffer.from((await reader?.read())?.value ?? "").toString();
      await reader?.cancel();
      expect(text).toContain(`"resumed":${lastEventId !== ""}`);
      // Two events, one, or none follow; or a reset and both.
      const told = [...text.matchAll(/^data: (\d|.*"reason".*)$/gm)].map(([, data]) => data ?? "");
      const numbersTold = told.filter((data) => /^\d$/.test(data));
      expect(["0,1", "1", ""]).toContain(numbersTold.join());
      expect(told.length - numbersTold.length).toBeLessThanOrEqual(1);
      expect(
        text
          .split("\n")
          .filter((line) => line.startsWith("id:"))
          .every((line) => /^id: rates@\d+:\d$/.test(line)),
      ).toBe(true);
    }),
    { seed: 4, numRuns: 500 },
  );
  expect(hub.openCount).toBe(0);
  await hub.close();
});

it("answers a HEAD like a GET without its stream, and keeps nothing", async () => {
  await using world = await startHub({ log: openMemoryLog(), presence: () => "count" });
  const answer = await fetch(`http://127.0.0.1:${world.port}/rates`, { method: "HEAD" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("content-type")).toMatch("text/event-stream");
  await eventually(() => world.hub.openCount === 0);
  await world.hub.publish("rates", { data: 0 });
  expect(readyOf(await world.join("/rates")).channels).toEqual(["rates"]);
});
