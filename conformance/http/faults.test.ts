/**
 * The client through a proxy that delays, splits, cuts, resets, half-closes and stalls: each seeded run ends with every
 * event once and in order. A failing one is named with its seed: `TYPEBAR_SEED=<seed>` alone replays it first.
 */
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openEventStream } from "@typebar/client";
import { encodeEventText } from "@typebar/sse";
import { countOf, createRandom, cuts, openFaultyProxy, pick, randomInteger, seed, seedText } from "@typebar/testing";
import type { ConnectionPlan, Random } from "@typebar/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const texts = ["Hel", "lo\n\n", "你好", "👩‍👩‍👧", "data: x\n\n", "", "x".repeat(3000), "\nid: 9\n"];
/** Beyond it, connections are left alone: a run has to end. */
const faultyConnections = 12;

let server: Server;

beforeAll(async () => {
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://server");
    const after = Number(request.headers["last-event-id"] ?? 0);
    void answer(response, eventsOf(Number(pathname.slice(1))).slice(after));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The stream of a seed; an event's ID is its number. */
function eventsOf(runSeed: number): { event: string; data: string; id: string }[] {
  const random = createRandom(runSeed);
  const count = randomInteger(random, 1, 40);
  const events = Array.from({ length: count }, (_, index) => ({
    event: "message",
    data: pick(texts, random),
    id: String(index + 1),
  }));
  return [...events, { event: "close", data: "[DONE]", id: String(count + 1) }];
}

async function answer(response: ServerResponse, events: ReturnType<typeof eventsOf>): Promise<void> {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  response.write("retry: 1\n");
  for (const event of events) {
    response.write(encodeEventText(event));
    await nextTurn();
  }
  response.end();
}

function planOf(connection: number, random: Random): ConnectionPlan {
  if (connection > faultyConnections) return {};
  return {
    ...(random() < 0.8 && { cutAfterBytes: randomInteger(random, 0, 2000), cut: pick(cuts, random) }),
    ...(random() < 0.2 && { delayMs: randomInteger(random, 0, 3) }),
    ...(random() < 0.5 && { splitBytes: randomInteger(random, 1, 500) }),
  };
}

async function run(runSeed: number): Promise<void> {
  const { port } = server.address() as AddressInfo;
  await using proxy = await openFaultyProxy({ target: { port }, seed: runSeed, plan: planOf });
  const seen: string[] = [];
  const stream = openEventStream(`${proxy.url}/${runSeed}`, {
    silenceMs: 100,
    totalMs: 20_000,
    backoff: { initialMs: 1, maxMs: 5 },
  });
  for await (const { event, data, lastEventId } of stream) {
    seen.push(`${lastEventId} ${event} ${data}`);
    if (event === "close") break;
  }
  expect(seen).toEqual(eventsOf(runSeed).map(({ id, event, data }) => `${id} ${event} ${data}`));
}

const count = countOf({ usual: 100, long: 1000 });
const atOnce = 10;

test(`${count} runs through faults end exact (${seedText})`, async () => {
  const failures: string[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const runSeed = seed + index;
      await run(runSeed).catch((error: unknown) => failures.push(`TYPEBAR_SEED=${runSeed}: ${String(error)}`));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  expect(failures).toEqual([]);
}, 600_000);
