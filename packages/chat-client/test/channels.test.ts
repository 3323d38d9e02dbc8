/** Channels of a real server, followed by the chat client. */
import { openFaultyProxy } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ChatError } from "../src/index.ts";
import type { ChannelStream } from "../src/index.ts";
import { openClient, openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld({ TYPEBAR_PUBLISH_KEY: "key" });
});
afterAll(() => world[Symbol.asyncDispose]());

async function publish(channel: string, data: unknown): Promise<void> {
  const response = await fetch(`${world.server.url}/api/channels/${channel}/events`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: "Bearer key" },
    body: JSON.stringify({ data }),
  });
  expect(response.status).toBe(200);
}

/** What comes next that was published. */
async function take(stream: ChannelStream, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  const events = stream[Symbol.asyncIterator]();
  while (taken.length < count) {
    const { value } = await events.next();
    if (!value) break;
    if (value.event === "message") taken.push(value.data);
  }
  return taken;
}

describe("followChannels", () => {
  it("reads several channels over one connection, and loses nothing when it is cut", async () => {
    const proxy = await openFaultyProxy({ target: { port: world.server.port }, seed: 1 });
    const { client, sent } = openClient(proxy.url);
    await using stream = client.followChannels(["rates", "sales"]);
    const first = take(stream, 2);
    await expect.poll(() => stream.connection.name).toBe("open");
    await publish("rates", { eur: 1 });
    await publish("sales", "二");
    expect(await first).toEqual(expect.arrayContaining([{ eur: 1 }, "二"]));
    proxy.cutAll();
    await publish("rates", { eur: 2 });
    expect(await take(stream, 1)).toEqual([{ eur: 2 }]);
    expect(sent.map(({ path }) => path)).toEqual(["/api/channels/events", "/api/channels/events"]);
    expect(sent[1]?.headers.get("last-event-id")).toMatch(/^rates@\d+:1,sales@\d+:1$/u);
    await proxy.close();
  });

  it("begins with as much history as is asked for, or after an event that was had", async () => {
    const { client } = openClient(world.server.url);
    for (const data of [1, 2, 3]) await publish("past", data);
    await using stream = client.followChannels(["past"], { history: 2 });
    const ids: string[] = [];
    for await (const { event, data, lastEventId } of stream) {
      ids.push(lastEventId);
      if (event === "message" && data === 3) break;
    }
    await publish("past", 4);
    await using resumed = client.followChannels(["past"], { after: ids[1] ?? "" });
    expect(await take(resumed, 2)).toEqual([3, 4]);
  });

  it("rejects with a ChatError what the server refuses, and ends when it is closed", async () => {
    const { client } = openClient(world.server.url);
    const refused = await take(client.followChannels(["no name"]), 1).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ChatError);
    expect(refused).toMatchObject({ code: "bad-request" });
    const stream = client.followChannels(["quiet"]);
    const taken = take(stream, 1);
    stream.close();
    expect(await taken).toEqual([]);
    expect(stream.connection.name).toBe("closed");
  });
});
