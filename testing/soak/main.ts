/**
 * `npm run soak [-- --minutes N] [--seed N]`: a hub and a Typebar, with connections that come and go in all ways. Each minute everybody
 * leaves, and what the servers hold is measured; at the end it has to be what it was after the warm-up. Exit code 1 if it is not.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createRandom, openScriptedModel, openTypebarProcess } from "@typebar/testing";
import { openHubServer } from "./hub-server.ts";
import { findLeaks, type Tolerance } from "./leaks.ts";
import { visitAnswers, visitChannels } from "./visitors.ts";
import { type Holdings, type ProbedProcess, probeOption, readHoldings } from "./watch-process.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
});
const rounds = Math.max(5, Number(values.minutes));
const visitSeconds = 44;
/** Until idle connections of HTTP have timed out, and the log's expired answers are gone. */
const restSeconds = 8;
/** Rounds that are not compared: code is compiled, caches are filled, the heap finds its size. */
const warmUpRounds = Math.ceil(rounds / 3);
/**
 * What the program holds is known exactly; resident memory also has pages that the allocators keep for the next peak of as many readers
 * that stopped, and finds its height only after some minutes.
 */
const tolerance: Tolerance = {
  heapBytes: 2 * 1_048_576,
  externalBytes: 2 * 1_048_576,
  rssBytes: 64 * 1_048_576,
  openFiles: 0,
};

const random = createRandom(Number(values.seed));
const model = await openScriptedModel();
await using hub = await openHubServer();
await using typebar = await openTypebarProcess({
  env: {
    OPENAI_BASE_URL: model.url,
    TYPEBAR_MODEL: "scripted",
    TYPEBAR_LOG_LEVEL: "error",
    TYPEBAR_LOG_TTL_S: "1",
    NODE_OPTIONS: probeOption,
  },
});
// It has a process group of its own, so Ctrl-C does not reach it.
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.once(name, () => void typebar.kill().then(() => process.exit(1)));
const servers: Readonly<Record<string, ProbedProcess>> = { hub, typebar };
const held: Record<string, Holdings[]> = { hub: [], typebar: [] };

console.log(
  `${rounds} minutes, seed ${values.seed}. After each: heap and buffers after a garbage collection, resident memory, open files.`,
);
console.log(formatLine(["minute", "server", "visits", "heap MiB", "buffers MiB", "RSS MiB", "files"]));
for (let round = 1; round <= rounds; round++) {
  const signal = AbortSignal.timeout(visitSeconds * 1000);
  const [hubVisits, typebarVisits] = await Promise.all([
    visitChannels(hub.port, { random, count: 300, signal }),
    visitAnswers(typebar.port, { random, count: 20, signal }),
  ]);
  await sleep(restSeconds * 1000);
  for (const [name, visits] of [
    ["hub", hubVisits],
    ["typebar", typebarVisits],
  ] as const) {
    const holdings = await readHoldings(servers[name] as ProbedProcess);
    held[name]?.push(holdings);
    const { heapBytes, externalBytes, rssBytes, openFiles } = holdings;
    const isWarmUp = round <= warmUpRounds;
    console.log(
      formatLine([
        `${round}${isWarmUp ? " (warm-up)" : ""}`,
        name,
        String(visits),
        toMebibytes(heapBytes),
        toMebibytes(externalBytes),
        toMebibytes(rssBytes),
        String(openFiles),
      ]),
    );
  }
}

const leaks = Object.entries(held).flatMap(([name, all]) =>
  findLeaks(all.slice(warmUpRounds - 1), tolerance).map((leak) => `${name}: ${leak}`),
);
console.log(
  `Compared are the minutes from ${warmUpRounds} on: heap and buffers may each grow by ${toMebibytes(tolerance.heapBytes)} MiB, ` +
    `resident memory by ${toMebibytes(tolerance.rssBytes)} MiB, open files by none.`,
);
console.log(leaks.length === 0 ? "Everything is back where it was." : leaks.join("\n"));
await model.close();
process.exitCode = leaks.length === 0 ? 0 : 1;

function toMebibytes(bytes: number): string {
  return (bytes / 1_048_576).toFixed(1);
}

function formatLine(cells: readonly string[]): string {
  return cells.map((cell) => cell.padStart(12)).join(" ");
}
