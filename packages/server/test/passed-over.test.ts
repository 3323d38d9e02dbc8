import { type RecordLog, start } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createEventStreams, type EventStreams, type RecordFormat } from "../src/index.ts";
import { openRawClient, type RawClient } from "./raw-client.ts";
import { eventually, startStreamServer, type StreamServer } from "./stream-server.ts";
import { endPayload, formatId, openWriter, parseId } from "./text-format.ts";

let log: RecordLog;
let streams: EventStreams;
let server: StreamServer;

/** Only payloads that begin with a letter mean anything, and each is numbered by how many of them there were. */
function createPickyFormat(): RecordFormat {
  const numbers = new Map<number, number>();
  return {
    toEvent(record) {
      const end = record.payload === endPayload;
      if (!end && !/^[a-z]/.test(record.payload)) return undefined;
      const number = numbers.get(record.seq) ?? numbers.size + 1;
      numbers.set(record.seq, number);
      return { data: `${number} ${record.payload}`, id: formatId(record), end };
    },
    merge: (records) => [...records],
  };
}

beforeEach(async () => {
  log = openMemoryLog();
  streams = createEventStreams({ log });
  server = await startStreamServer(({ request, response, query }) => {
    const after = query.has("after") ? parseId(query.get("after") ?? "") : start;
    const source = { logId: "answer", alone: query.has("alone") };
    return streams.open({ request, response, source, format: createPickyFormat(), after, rotate: false });
  });
});
afterEach(() => server.close());

async function readAll(client: RawClient): Promise<string[]> {
  await client.until(() => client.hasLastChunk());
  return client.events().map(({ data }) => data);
}

const numbered = (payloads: string[]): string[] => payloads.map((payload, index) => `${index + 1} ${payload}`);

it("passes over records that mean nothing to the reader, however many lie between, stored or live", async () => {
  const nothings = Array.from({ length: 20_000 }, (_, index) => `${index}`);
  const writer = await openWriter(log, "answer");
  await writer.append("-", "a", ...nothings, "b", ...nothings);
  const client = openRawClient({ server: server.port });
  await client.until(() => client.events().length === 2);
  await writer.append("-");
  await writer.append("-", "c");
  await writer.append(...nothings);
  await client.until(() => client.events().length === 3);
  await writer.append("-", endPayload);
  expect(await readAll(client)).toEqual(["1 a", "2 b", "3 c", `4 ${endPayload}`]);
  expect(client.body()).not.toContain("\n\n\n");
});

it("goes on after a record that was passed over", async () => {
  await (await openWriter(log, "answer")).append("a", "-", "b", endPayload);
  expect(await readAll(openRawClient({ server: server.port, path: "/?after=1.2" }))).toEqual([
    "1 b",
    `2 ${endPayload}`,
  ]);
});

it("gives a format that remembers a feed of its own, which shows it the records in order", async () => {
  const writer = await openWriter(log, "answer");
  await writer.append("a", "b");
  const whole = openRawClient({ server: server.port, path: "/?alone" });
  await whole.until(() => whole.events().length === 2);
  const rest = openRawClient({ server: server.port, path: "/?alone&after=1.2" });
  await eventually(() => streams.openCount === 2);
  for (let count = 0; count < 30; count += 1) await writer.append("c");
  await writer.append(endPayload);
  const letters = Array.from({ length: 30 }, () => "c");
  expect(await readAll(whole)).toEqual(numbered(["a", "b", ...letters, endPayload]));
  expect(await readAll(rest)).toEqual(numbered([...letters, endPayload]));
});
