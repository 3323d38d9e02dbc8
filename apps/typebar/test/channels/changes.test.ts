/** The channel `typebar.changes`: of a real server with its one owner, and of its routes where there are several. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { openMemoryLog } from "@typebar/log/memory";
import { createHub } from "@typebar/server";
import { openTypebarProcess, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeResponse } from "../../src/access/access-response.ts";
import { toRequestFacts } from "../../src/access/request-facts.ts";
import { changesChannelOf, createChangePublisher } from "../../src/channels/changes.ts";
import { createChannelRoutes } from "../../src/channels/channel-routes.ts";
import { createOnlineChannel } from "../../src/channels/online.ts";
import { codeOf, follow, publish, type Reading } from "./reading.ts";

const lastOf = ({ events }: Reading): unknown => events.findLast(({ event }) => event !== "online");

const titles = (events: Reading["events"]): unknown[] =>
  events.flatMap(({ data }) => (data as { conversation?: { title: string } }).conversation?.title ?? []);

const toldOf = ({ events }: Reading): unknown[] =>
  events.filter(({ event }) => event === "settings").map(({ data }) => (data as { systemPrompt: string }).systemPrompt);

/** Owners by a header; nothing but the channels. */
async function openOwners() {
  const log = openMemoryLog();
  const hub = createHub({ log });
  const routes = createChannelRoutes({
    hub,
    online: createOnlineChannel({ hub, countStreams: () => 0 }),
    canPublish: true,
    ownerOf: ({ headers }: IncomingMessage) => headers["x-owner"]?.toString() ?? "local",
    takePlace: () => () => undefined,
    isDraining: () => false,
  });
  const server = createServer((incoming, outgoing) => {
    void routes.respond(toRequestFacts(incoming), { incoming, outgoing }).then(async (response) => {
      if (response !== RESPONSE_ALREADY_SENT) await writeResponse(outgoing, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const onChange = createChangePublisher(hub, (error) => expect.unreachable(String(error)));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tell: (ownerId: string, systemPrompt: string) => onChange(ownerId, { event: "settings", data: { systemPrompt } }),
    async [Symbol.asyncDispose]() {
      await hub.close();
      server.close();
      server.closeAllConnections();
      await log[Symbol.asyncDispose]();
    },
  };
}

describe("of a server with one owner", () => {
  let typebar: TypebarProcess;
  beforeAll(async () => {
    typebar = await openTypebarProcess({ env: { TYPEBAR_PUBLISH_KEY: "battery staple", TYPEBAR_DISCOVER_PORTS: "" } });
  });
  afterAll(() => typebar[Symbol.asyncDispose]());

  const send = (method: string, path: string, body: unknown = {}): Promise<Response> =>
    fetch(typebar.url + path, {
      method,
      headers: { "Content-Type": "application/json" },
      ...(method !== "DELETE" && { body: JSON.stringify(body) }),
    });

  test("tells of everything that becomes of a conversation, alone and together with others, the same", async () => {
    const alone = await follow(typebar, "typebar.changes/events");
    const together = await follow(typebar, "events?channels=online,typebar.changes");
    expect((await together.until(1))[0]).toMatchObject({
      event: "ready",
      data: { channels: ["online", "typebar.changes"] },
    });
    const untilTold = async (expected: object): Promise<void> => {
      for (const reading of [alone, together]) {
        await expect.poll(() => lastOf(reading), { timeout: 5000 }).toMatchObject(expected);
      }
    };
    const made = await send("POST", "/api/conversations");
    const { id } = (await made.json()) as { id: string };
    await untilTold({ event: "conversation", data: { conversation: { id, title: "" }, generationId: null } });
    await send("PATCH", `/api/conversations/${id}`, { title: "named", pinned: true });
    await untilTold({ data: { conversation: { id, title: "named", pinned: true } } });
    const answered = await send("POST", "/api/chat", { message: "hello", conversationId: id });
    const generationId = answered.headers.get("Typebar-Generation");
    await answered.text();
    await expect
      .poll(() => alone.events.some(({ data }) => (data as { generationId?: string }).generationId === generationId))
      .toBe(true);
    await untilTold({ event: "conversation", data: { conversation: { id }, generationId: null } });
    await send("PATCH", "/api/settings", { systemPrompt: "be brief" });
    await untilTold({ event: "settings", data: { systemPrompt: "be brief" } });
    await send("DELETE", `/api/conversations/${id}`);
    await untilTold({ event: "conversation-deleted", data: { id } });
    for (const reading of [alone, together]) reading.leave();
  });

  test("is gone on with after kill -9, from where it was read", async () => {
    const reading = await follow(typebar, "typebar.changes/events");
    const { id = "" } = (await reading.until(1))[0] ?? {};
    await send("POST", "/api/conversations", { title: "before" });
    await expect.poll(() => titles(reading.events)).toEqual(["before"]);
    await typebar.kill("SIGKILL");
    await typebar.start();
    await send("POST", "/api/conversations", { title: "after" });
    const again = await follow(typebar, "typebar.changes/events", { "Last-Event-ID": id });
    await expect.poll(() => titles(again.events)).toEqual(["before", "after"]);
    again.leave();
  });

  test("is published to by nobody else, whatever they show", async () => {
    const headers = { Authorization: "Bearer battery staple" };
    for (const name of ["typebar.changes", changesChannelOf("alice")]) {
      const refused = await publish(typebar, name, { event: "settings", data: { systemPrompt: "obey me" } }, headers);
      expect([refused.status, await codeOf(refused)]).toEqual([403, "reserved-channel"]);
    }
    const escaped = await publish(typebar, "typebar%2Echanges", { data: 1 }, headers);
    expect(escaped.status).toBe(400);
  });

  test.each(["typebar.other/events", `${changesChannelOf("alice")}/events`, "events?channels=a,typebar.x"])(
    "is the only one of the server's own names that can be followed: not %s",
    async (path) => {
      const refused = await fetch(`${typebar.url}/api/channels/${path}`);
      expect([refused.status, await codeOf(refused)]).toEqual([403, "reserved-channel"]);
    },
  );
});

describe("where there are several owners", () => {
  test("each follows their own, by whatever name, history or event ID is asked", async () => {
    await using owners = await openOwners();
    const names = ["local", "alice", "mallory"];
    const readings = await Promise.all(
      names.map((owner) => follow(owners, "events?channels=news,typebar.changes", { "x-owner": owner })),
    );
    for (const owner of names) await owners.tell(owner, `of ${owner}`);
    for (const [index, reading] of readings.entries()) {
      await expect.poll(() => toldOf(reading)).toEqual([`of ${names[index]}`]);
    }
    const ofAlice = readings[1]?.events.at(-1)?.id ?? "";
    const mallory = { "x-owner": "mallory" };
    const past = await follow(owners, "typebar.changes/events?history=10", mallory);
    const byId = await follow(owners, "typebar.changes/events", {
      ...mallory,
      "Last-Event-ID": ofAlice.replace(/:\d+$/, ":0"),
    });
    await owners.tell("mallory", "next");
    await expect.poll(() => toldOf(past)).toEqual(["of mallory", "next"]);
    await expect.poll(() => toldOf(byId).at(-1)).toBe("next");
    expect([...toldOf(past), ...toldOf(byId)].join()).not.toContain("alice");
    const direct = await fetch(`${owners.url}/api/channels/${changesChannelOf("alice")}/events`, { headers: mallory });
    expect([direct.status, await codeOf(direct)]).toEqual([403, "reserved-channel"]);
    for (const reading of [...readings, past, byId]) reading.leave();
  });
});
