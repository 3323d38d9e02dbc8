/** One Node subject in its own process: `SUBJECT`. Prints its port, ends with its standard input, collects its garbage on SIGUSR2 and prints what is left, in KiB. */
import { openBetterSse } from "./subjects/better-sse.ts";
import { openFastifySse } from "./subjects/fastify-sse.ts";
import { openHono } from "./subjects/hono.ts";
import { openNaive } from "./subjects/naive.ts";
import { openTypebar } from "./subjects/typebar.ts";

const subjects: Readonly<Record<string, () => Promise<number>>> = {
  typebar: () => openTypebar({ flushMs: 0 }),
  "typebar-flush-33": () => openTypebar({ flushMs: 33 }),
  naive: openNaive,
  "better-sse": openBetterSse,
  "@fastify/sse": openFastifySse,
  hono: openHono,
};

const [name = ""] = process.argv.slice(2);
const open = subjects[name];
if (!open) throw new Error(`There is no subject ${name}`);
console.log(await open());
process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  console.log((heapUsed + external) / 1024);
});
process.stdin.resume().on("end", () => process.exit(0));
