/**
 * Reading event streams: how many events and megabytes each client hands to its caller in a second of CPU time.
 *
 * The aim is 0.8 times the bare loop over eventsource-parser, in each shape. Twice the best peer was aimed at too, and is
 * out of reach, as that peer is such a loop itself. In nanoseconds an event, on a machine where it took 394, 82 and 29,900:
 * - one event a chunk: `read()` and decoding take 314 of the 197 that there would be;
 * - chunks of 16 KiB: reading, decoding, finding three line ends, cutting out two strings and making an object of them take
 *   36 of 41, before a limit, an ID or a callback is looked at;
 * - 64 KiB in lines: reading, decoding and finding the line ends take 15,200 of 14,950.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchResult, BenchRow } from "../table.ts";
import { readers } from "./readers.ts";
import { createShape } from "./shapes.ts";
import type { Shape } from "./shapes.ts";

const run = promisify(execFile);
const mainPath = fileURLToPath(new URL("reader-main.ts", import.meta.url));
const shapes: readonly Shape["name"][] = ["one", "16kib", "64kib_lines"];
/** Each client is started so often, in turns with the others, and its best run counts. */
const turns = 2;

export async function benchClient(): Promise<BenchResult> {
  const rows: BenchRow[] = [];
  for (const shape of shapes) {
    const best = new Map<string, number>();
    for (let turn = 0; turn < turns; turn++) {
      for (const subject of Object.keys(readers)) {
        const nsPerEvent = await measure(subject, shape);
        best.set(subject, Math.min(nsPerEvent, best.get(subject) ?? Infinity));
      }
    }
    const { block } = createShape(shape, 0);
    for (const [subject, nsPerEvent] of best) {
      rows.push(
        { subject, metric: `events_per_s_${shape}`, unit: "events/s", value: Math.round(1e9 / nsPerEvent) },
        { subject, metric: `mb_per_s_${shape}`, unit: "MB/s", value: (block.length * 1000) / nsPerEvent },
      );
    }
  }
  return { name: "client", rows };
}

async function measure(subject: string, shape: Shape["name"]): Promise<number> {
  const args = ["--conditions", "typebar-source", mainPath, subject, shape];
  const { stdout } = await run(process.execPath, args);
  return (JSON.parse(stdout) as { nsPerEvent: number }).nsPerEvent;
}
