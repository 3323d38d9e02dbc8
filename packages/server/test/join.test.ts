/** Catching up and joining the live tail, in seeded random interleavings: nothing is missed and nothing comes twice. */
import { type Position, start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { expect, it } from "vitest";
import { createRandom, pick, type Random, randomInteger } from "../../../testing/src/random.ts";
import { createConnectionSet } from "../src/connection-set.ts";
import { createFeed } from "../src/feed.ts";
import { createNodeExchange } from "../src/node-sink.ts";
import { observeLog } from "./observed-log.ts";
import { openRawClient } from "./raw-client.ts";
import { eventually, startStreamServer } from "./stream-server.ts";
import { createTextFormat, endPayload, formatId, openWriter, parseId, pieces } from "./text-format.ts";

const recordCount = 120;
const allPieces = [...pieces(0, recordCount), endPayload];
/** What has come after any position, once the end has. */
const textAfter = ({ seq }: Position): string => allPieces.slice(seq).join("");

/** Waits some turns or some microtasks, or not at all. */
async function waitSome(random: Random): Promise<void> {
  const turns = randomInteger(random, -3, 3);
  for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
  for (let step = 0; step < -turns; step++) await Promise.resolve();
}

async function openWorld(random: Random) {
  const log = observeLog(openMemoryLog());
  log.pause = () => waitSome(random);
  const format = createTextFormat();
  const feed = createFeed({
    log,
    logId: "answer",
    format,
    cacheBytes: pick([0, 60, 400, 100_000], random),
    mergeBeyond: pick([0, 1, 8], random),
    pageLimit: { count: pick([1, 3, 20, 1000], random), chars: 100_000 },
    pollMs: 60_000,
  });
  const connections = createConnectionSet({});
  const server = await startStreamServer(({ request, response, query }) => {
    const after = parseId(query.get("after") ?? "");
    return connections.open({
      exchange: createNodeExchange(request, response),
      feed,
      after,
      rotate: false,
      resumed: false,
    });
  });
  return { log, server, writer: await openWriter(log, "answer") };
}

/** Reads to the end, leaving and coming back with the last ID up to `leavings` times. Returns the text it was given. */
async function readAll(port: number, after: Position, leavings: number, random: Random): Promise<string> {
  let text = "";
  let position = after;
  for (let attempt = 0; ; attempt++) {
    const client = openRawClient({ server: port, path: `/?after=${formatId(position)}` });
    const enough = attempt < leavings ? randomInteger(random, 0, 5) : Number.POSITIVE_INFINITY;
    await client.until(() => client.hasLastChunk() || (client.head() !== "" && client.events().length >= enough));
    const events = client.events();
    text += events.map(({ data }) => data).join("");
    const whole = client.hasLastChunk();
    client.socket.destroy();
    if (whole) return text;
    const last = events.at(-1);
    if (last) position = parseId(last.lastEventId);
    await waitSome(random);
  }
}

it.each(Array.from({ length: 30 }, (_, seed) => seed))(
  "reads every record once from anywhere, seed %d",
  async (seed) => {
    const random = createRandom(seed);
    const { log, server, writer } = await openWorld(random);
    const readers: Array<{ after: Position; text: Promise<string> }> = [];
    const join = (): void => {
      // Anywhere before the end that is stored by now.
      const seq = randomInteger(random, 0, writer.position.seq);
      const after = seq === 0 ? start : { epoch: 1, seq };
      readers.push({ after, text: readAll(server.port, after, randomInteger(random, 0, 4), random) });
    };
    join();
    for (let next = 0; next < recordCount;) {
      const batch = allPieces.slice(next, next + randomInteger(random, 1, pick([1, 2, 25], random)));
      next += batch.length;
      if (next > recordCount) batch.pop();
      await writer.append(...batch);
      if (random() < 0.2 && readers.length < 15) join();
      await waitSome(random);
    }
    while (readers.length < 8) join();
    await writer.append(endPayload);
    for (const { after, text } of readers) expect(await text).toBe(textAfter(after));
    await eventually(() => log.watcherCount === 0);
    await server.close();
  },
);

it("joins at every position of an answer that goes on", async () => {
  const random = createRandom(1);
  const { server, writer } = await openWorld(random);
  await writer.append(...allPieces.slice(0, 60));
  const texts = Array.from({ length: 61 }, (_, seq) =>
    readAll(server.port, seq === 0 ? start : { epoch: 1, seq }, 0, random),
  );
  for (const piece of allPieces.slice(60)) {
    await writer.append(piece);
    await waitSome(random);
  }
  const expected = Array.from({ length: 61 }, (_, seq) => textAfter({ epoch: 1, seq }));
  expect(await Promise.all(texts)).toEqual(expected);
  await server.close();
});
