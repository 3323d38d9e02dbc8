/** The package `eventsource` in Node: comes through cuts and a killed server by itself. */
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFaultyProxy, scriptedAnswer } from "../../src/index.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";

let world: ClientWorld;
beforeAll(async () => void (world = await openClientWorld()));
afterAll(() => world[Symbol.asyncDispose]());

interface Heard {
  text: string;
  ids: string[];
  opens: number;
  closed: Promise<void>;
}

function listen(url: string, question: string, key: string): Heard {
  const { promise, resolve } = Promise.withResolvers<void>();
  const heard: Heard = { text: "", ids: [], opens: 0, closed: promise };
  const source = new EventSource(`${url}/api/chat?${new URLSearchParams({ message: question, key }).toString()}`);
  source.addEventListener("open", () => (heard.opens += 1));
  source.addEventListener("message", ({ data, lastEventId }) => {
    const chunk: { type: string; delta?: string } = JSON.parse(data);
    heard.ids.push(lastEventId);
    heard.text += chunk.delta ?? "";
  });
  source.addEventListener("close", () => {
    source.close();
    resolve();
  });
  return heard;
}

describe("the package eventsource", () => {
  it.each(["fin", "rst", "half-close"] as const)(
    "hears the whole answer once over connections cut by %s",
    async (cut) => {
      const question = `script:mixed:1:700:${cut} deltas:70 delay:4`;
      await using proxy = await openFaultyProxy({
        target: world.server,
        seed: 1,
        plan: (connection) => (connection <= 2 ? { cutAfterBytes: 3000, cut } : {}),
      });
      const heard = listen(proxy.url, question, cut);
      await heard.closed;
      expect(heard.text).toBe(scriptedAnswer(question));
      expect(new Set(heard.ids).size).toBe(heard.ids.length);
      expect(heard.opens).toBe(3);
      world.expectAskedOnce(question);
    },
  );

  it("goes on after the server was killed and started again", async () => {
    const question = "script:mixed:2:600 deltas:60 hold:30";
    const heard = listen(world.server.url, question, "killed");
    await expect.poll(() => heard.text.length).toBeGreaterThan(100);
    await world.restart();
    world.model.release(question);
    await heard.closed;
    expect(heard.text).toBe(scriptedAnswer(question));
    expect(new Set(heard.ids).size).toBe(heard.ids.length);
    world.expectAskedOnce(question, 1);
  });
});
