import { request as sendRequest } from "node:http";
import { openMemoryLog } from "@typebar/log/memory";
import { expect, it } from "vitest";
import type { AuthorizationQuestion } from "../../src/index.ts";
import { observeLog } from "../observed-log.ts";
import { eventually } from "../stream-server.ts";
import { dataOf, lastIdOf, refusalOf, startHub, untilCount } from "./hub-world.ts";

/** An `authorize` that answers when it is told to; asked again it asks again. */
function createQuestions() {
  const asked: Array<AuthorizationQuestion & { answer: (may: boolean) => void; fail: (error: Error) => void }> = [];
  const authorize = (question: AuthorizationQuestion): Promise<boolean> => {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    asked.push({ ...question, answer: resolve, fail: reject });
    return promise;
  };
  return { asked, authorize };
}

it("asks for each channel, in the name of whoever follows", async () => {
  const asked: AuthorizationQuestion[] = [];
  const authorize = (question: AuthorizationQuestion): boolean => asked.push(question) > 0;
  await using world = await startHub({ log: openMemoryLog(), authorize });
  await world.join("/b,a?user=ann");
  await world.join("/a");
  expect(asked).toEqual([
    { action: "subscribe", channel: "a", user: "ann" },
    { action: "subscribe", channel: "b", user: "ann" },
    { action: "subscribe", channel: "a", user: undefined },
  ]);
});

it("refuses all channels where one may not be followed, and leaves nothing behind", async () => {
  const log = observeLog(openMemoryLog());
  const refused: string[] = [];
  await using world = await startHub({
    log,
    authorize: async ({ channel }) => channel !== "secret",
    limits: { connections: 1 },
    presence: () => "users",
    observer: { refused: (code) => void refused.push(code) },
  });
  for (let attempt = 0; attempt < 3; attempt++) {
    expect(await refusalOf(world.follow("/rates,secret?user=ann"))).toEqual({ status: 403, code: "forbidden" });
  }
  expect(refused).toEqual(["forbidden", "forbidden", "forbidden"]);
  expect(await world.hub.presence("rates")).toEqual({ count: 0, users: [] });
  await world.join("/rates");
});

it("asks who publishes in a name; the server itself need not ask", async () => {
  await using world = await startHub({
    log: openMemoryLog(),
    authorize: ({ action, user }) => action === "subscribe" || user === "ann",
  });
  const client = await world.join("/rates");
  await world.hub.publish("rates", { data: "ann" }, { as: "ann" });
  await expect(world.hub.publish("rates", { data: "bob" }, { as: "bob" })).rejects.toMatchObject({ code: "forbidden" });
  // Nobody's name is not the server's.
  const nobody = world.hub.publish("rates", { data: "nobody" }, { as: undefined });
  await expect(nobody).rejects.toMatchObject({ code: "forbidden" });
  await world.hub.publish("rates", { data: "server" });
  await untilCount(client, 2);
  expect(dataOf(client)).toEqual(["ann", "server"]);
});

it.each(["throws", "rejects"])("passes on what authorize %s, and leaves nothing behind", async (how) => {
  const failure = new Error("no answer");
  const authorize = (): boolean | Promise<boolean> => {
    if (how === "throws") throw failure;
    return Promise.reject(failure);
  };
  await using world = await startHub({ log: openMemoryLog(), authorize, limits: { connections: 1 } });
  for (let attempt = 0; attempt < 3; attempt++) {
    const client = world.follow("/rates");
    await client.until(() => client.body() === "Error: no answer");
  }
  await expect(world.hub.publish("rates", { data: 0 }, { as: "ann" })).rejects.toBe(failure);
  expect(world.hub.openCount).toBe(0);
});

it("leaves nothing behind for a client that leaves while it is asked", async () => {
  const log = observeLog(openMemoryLog());
  const { asked, authorize } = createQuestions();
  const opened: string[] = [];
  const refused: string[] = [];
  await using world = await startHub({
    log,
    authorize,
    limits: { connections: 3, connectionsPerUser: 3, connectionsPerAddress: 3 },
    presence: () => "users",
    observer: { opened: (how) => void opened.push(how), refused: (code) => void refused.push(code) },
  });
  for (let round = 0; round < 3; round++) {
    const clients = Array.from({ length: 3 }, () => world.follow("/rates?user=ann"));
    await eventually(() => asked.length === 3 || refused.length > 0);
    for (const { socket } of clients) socket.destroy();
    await eventually(() => world.sockets.every((socket) => socket.closed));
    for (const { answer } of asked.splice(0)) answer(true);
  }
  // All places are free again: three more fit, as soon as they are let in.
  for (let place = 0; place < 3; place++) world.follow("/rates?user=ann");
  await eventually(() => asked.length === 3 || refused.length > 0);
  expect(refused).toEqual([]);
  expect([world.hub.openCount, opened.length, log.watcherCount]).toEqual([0, 0, 0]);
  expect(await world.hub.presence("rates")).toEqual({ count: 0, users: [] });
  for (const { answer } of asked.splice(0)) answer(true);
  await eventually(() => world.hub.openCount === 3);
});

it("leaves nothing behind for a client that leaves while the log is read", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log, limits: { connections: 1 }, presence: () => "users" });
  const { id } = await world.hub.publish("rates", { data: 0 });
  for (let round = 0; round < 3; round++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    let waiting = 0;
    log.pause = () => {
      waiting += 1;
      return promise;
    };
    const { socket } = world.follow("/rates?user=ann", { lastEventId: id });
    await eventually(() => waiting > 0);
    socket.destroy();
    await eventually(() => world.sockets.every(({ closed }) => closed));
    log.pause = () => undefined;
    resolve();
    await new Promise(setImmediate);
  }
  expect([world.hub.openCount, log.watcherCount]).toEqual([0, 0]);
  expect(await world.hub.presence("rates")).toEqual({ count: 0, users: [] });
  await world.join("/rates");
});

it("settles a web-standard request whose client leaves while it is asked", async () => {
  const { asked, authorize } = createQuestions();
  await using world = await startHub({ log: openMemoryLog(), authorize, limits: { connections: 1 } });
  const leaving = new AbortController();
  const answer = world.hub.respond(new Request("http://localhost/", { signal: leaving.signal }), {
    channels: ["rates"],
  });
  await eventually(() => asked.length === 1);
  leaving.abort();
  asked[0]?.answer(true);
  expect((await answer).status).toBe(499);
  expect(world.hub.openCount).toBe(0);
  const second = world.hub.respond(new Request("http://localhost/"), { channels: ["rates"] });
  asked[1]?.answer(true);
  const { status, body } = await second;
  expect(status).toBe(200);
  await body?.cancel();
  expect(world.hub.openCount).toBe(0);
});

it("leaves nothing behind for a web-standard request whose client leaves while the log is read", async () => {
  const log = observeLog(openMemoryLog());
  await using world = await startHub({ log, limits: { connections: 1 }, presence: () => "users" });
  const { id } = await world.hub.publish("rates", { data: 0 });
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  log.pause = () => {
    waiting += 1;
    return promise;
  };
  const leaving = new AbortController();
  const answer = world.hub.respond(new Request("http://localhost/", { signal: leaving.signal }), {
    channels: ["rates"],
    lastEventId: id,
  });
  await eventually(() => waiting > 0);
  leaving.abort();
  log.pause = () => undefined;
  resolve();
  expect((await answer).status).toBe(499);
  expect([world.hub.openCount, log.watcherCount]).toEqual([0, 0]);
  expect((await world.hub.presence("rates")).count).toBe(0);
  await world.join("/rates");
});

it.each([false, true])(
  "asks again where rights change while it is asked; what counts is the last answer, %s",
  async (last) => {
    const { asked, authorize } = createQuestions();
    await using world = await startHub({ log: openMemoryLog(), authorize });
    const client = world.follow("/rates?user=ann");
    const published = world.hub.publish("rates", { data: 0 }, { as: "ann" }).then(
      () => true,
      () => false,
    );
    await eventually(() => asked.length === 2);
    await world.hub.recheck();
    for (const { answer } of asked.splice(0)) answer(!last);
    await eventually(() => asked.length === 2);
    for (const { answer } of asked) answer(last);
    expect(await published).toBe(last);
    await client.until(() => client.head() !== "");
    expect(client.head().slice(9, 12)).toBe(last ? "200" : "403");
  },
);

it("shows nothing to one whose right ends while the log is read for it", async () => {
  const log = observeLog(openMemoryLog());
  const allowed = new Set(["ann"]);
  await using world = await startHub({ log, authorize: ({ user }) => allowed.has(user ?? "") });
  const { id } = await world.hub.publish("rates", { data: "before" });
  await world.hub.publish("rates", { data: "missed" });
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  log.head = ((head) => async (logId: string) => {
    waiting += 1;
    await promise;
    return head(logId);
  })(log.head);
  const client = world.follow("/rates?user=ann", { lastEventId: id });
  await eventually(() => waiting > 0);
  allowed.clear();
  await world.hub.recheck({ user: "ann" });
  resolve();
  expect(await refusalOf(client)).toEqual({ status: 403, code: "forbidden" });
  expect(world.hub.openCount).toBe(0);
});

it("cuts off one whose right ends between the last look and the first write", async () => {
  const log = observeLog(openMemoryLog());
  const allowed = new Set(["ann"]);
  await using world = await startHub({ log, authorize: ({ user }) => allowed.has(user ?? "") });
  const { id } = await world.hub.publish("rates", { data: "before" });
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  log.pause = () => {
    waiting += 1;
    return promise;
  };
  const client = world.follow("/rates?user=ann", { lastEventId: id });
  await eventually(() => waiting > 0);
  allowed.clear();
  await world.hub.recheck();
  log.pause = () => undefined;
  resolve();
  await eventually(() => client.events().length > 0 || client.socket.closed);
  await world.hub.publish("rates", { data: "secret" });
  await eventually(() => client.events().length > 1 || client.socket.closed);
  expect(dataOf(client)).toEqual([]);
  expect(client.hasLastChunk()).toBe(false);
  await eventually(() => world.hub.openCount === 0);
});

it("cuts off those who may not follow any more, refuses them when they come back, and keeps the others", async () => {
  const closed: string[] = [];
  const allowed = new Set(["ann", "bob", "cyd"]);
  let failing = false;
  await using world = await startHub({
    log: openMemoryLog(),
    authorize: ({ user }) => {
      if (failing) throw new Error("no answer");
      return allowed.has(user ?? "");
    },
    observer: { closed: (reason) => void closed.push(reason) },
  });
  const [ann, bob, cyd] = [
    await world.join("/rates?user=ann"),
    await world.join("/rates?user=bob"),
    await world.join("/rates?user=cyd"),
  ];
  allowed.delete("ann");
  allowed.delete("bob");
  await world.hub.recheck({ user: "ann" });
  await ann.closed;
  expect(ann.hasLastChunk()).toBe(false);
  expect(world.hub.openCount).toBe(2);
  expect(await refusalOf(world.follow("/rates?user=ann", { lastEventId: lastIdOf(ann) }))).toMatchObject({
    status: 403,
  });
  await world.hub.recheck();
  await bob.closed;
  await world.hub.publish("rates", { data: "for cyd" });
  await untilCount(cyd, 1);
  // An answer that cannot be had is none that allows.
  failing = true;
  await world.hub.recheck();
  await cyd.closed;
  expect(closed).toEqual(["forbidden", "forbidden", "forbidden"]);
});

it("asks again once for each user and channel, however many connections they have, and anew where rights change meanwhile", async () => {
  const { asked, authorize } = createQuestions();
  let asking = false;
  await using world = await startHub({
    log: openMemoryLog(),
    authorize: (question) => !asking || authorize(question),
  });
  const anns = [await world.join("/a?user=ann"), await world.join("/a,b?user=ann"), await world.join("/a,b?user=ann")];
  const other = await world.join("/a");
  const questions = (): string[] => asked.map(({ channel, user }) => `${user} ${channel}`).toSorted();
  asking = true;
  const first = world.hub.recheck();
  await eventually(() => asked.length >= 3);
  await new Promise(setImmediate);
  expect(questions()).toEqual(["ann a", "ann b", "undefined a"]);
  // What was answered before this counts no more.
  const stale = asked.splice(0);
  const second = world.hub.recheck({ user: "ann" });
  await eventually(() => asked.length >= 2);
  for (const { answer } of stale) answer(true);
  await eventually(() => asked.length >= 5);
  await new Promise(setImmediate);
  expect(questions()).toEqual(["ann a", "ann a", "ann b", "ann b", "undefined a"]);
  for (const { channel, answer } of asked) answer(channel === "a");
  await Promise.all([first, second]);
  await Promise.all(anns.slice(1).map(({ closed }) => closed));
  await eventually(() => world.hub.openCount === 2);
  await world.hub.publish("a", { data: "last" });
  await untilCount(anns[0] ?? other, 1);
  await untilCount(other, 1);
});

it("answers a request whose body is still coming", async () => {
  await using world = await startHub({ log: openMemoryLog(), authorize: () => false });
  const sent = sendRequest({ port: world.port, method: "POST", path: "/rates" });
  sent.write("half");
  const status = await new Promise((resolve) => sent.on("response", ({ statusCode }) => resolve(statusCode)));
  expect(status).toBe(403);
  sent.destroy();
});
