/** One client in its own process, so that none runs code that another has warmed up: `READER SHAPE` -> nanoseconds of CPU time, which other programs on the machine change less. */
import { readers } from "./readers.ts";
import { createResponse, createShape } from "./shapes.ts";
import type { Shape } from "./shapes.ts";

const [name = "", shapeName = ""] = process.argv.slice(2);
const read = readers[name];
if (!read) throw new Error(`There is no client ${name}`);

async function measure(scale: number): Promise<number> {
  const shape = createShape(shapeName as Shape["name"], scale);
  const events = shape.rounds * shape.eventsPerRound;
  const before = process.cpuUsage();
  const count = await read?.(() => createResponse(shape), events);
  const { user, system } = process.cpuUsage(before);
  if (count?.events !== events) throw new Error(`${name} read ${count?.events} of ${events} events`);
  return ((user + system) * 1000) / events;
}

await measure(0.1);
const bestNs = Math.min(await measure(0.5), await measure(0.5), await measure(0.5));
console.log(JSON.stringify({ nsPerEvent: bestNs }));
// A client that was told to reconnect would go on for ever.
process.exit(0);
