/** What the clients read: event streams of three shapes, as a body in memory. Used by readers.ts. */

export interface Shape {
  name: "one" | "16kib" | "64kib_lines";
  /** Bytes of one event. */
  block: Uint8Array;
  chunks: Uint8Array[];
  /** How many events one round of the chunks holds. */
  eventsPerRound: number;
  rounds: number;
}

const delta = toBlock('{"type":"text-delta","id":"t0","delta":"word"}');
const lines = toBlock(["[", ...Array.from({ length: 1024 }, () => `"${"x".repeat(54)}",`), '""]']);

/** @param scale - 1 for a measurement, less for a warm-up. */
export function createShape(name: Shape["name"], scale: number): Shape {
  const rounds = (count: number): number => Math.ceil(count * scale);
  if (name === "one") return { name, block: delta, chunks: [delta], eventsPerRound: 1, rounds: rounds(300_000) };
  if (name === "16kib") {
    const eventsPerRound = 1024;
    const chunks = cutInto(repeat(delta, eventsPerRound), 16_384);
    return { name, block: delta, chunks, eventsPerRound, rounds: rounds(1500) };
  }
  return { name, block: lines, chunks: cutInto(lines, 16_384), eventsPerRound: 1, rounds: rounds(3000) };
}

/** A body that brings its chunks as fast as they are read, and then ends. */
export function createResponse({ chunks, rounds }: Shape): Response {
  let left = rounds * chunks.length;
  let next = 0;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const chunk = chunks[next] as Uint8Array<ArrayBuffer>;
      next = next + 1 === chunks.length ? 0 : next + 1;
      controller.enqueue(chunk);
      left -= 1;
      if (left === 0) controller.close();
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

/** As Typebar sends an event: an ID in each, and the ID last. */
function toBlock(data: string | string[]): Uint8Array {
  const dataLines = [data].flat().map((line) => `data: ${line}\n`);
  return new TextEncoder().encode(`${dataLines.join("")}id: Zk3vQx0b5Rr2mYtW8aLd:1.12345\n\n`);
}

function repeat(block: Uint8Array, times: number): Uint8Array {
  const all = new Uint8Array(block.length * times);
  for (let index = 0; index < times; index++) all.set(block, index * block.length);
  return all;
}

function cutInto(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  );
}
