/** `npm run bench [-- NAME] [--json]`: runs one benchmark or all, each beside its peers in the same run, and prints a table. */
import { parseArgs } from "node:util";
import { benchClient } from "./client/client.ts";
import { benchLatency } from "./latency/latency.ts";
import { benchResume } from "./resume/resume.ts";
import { type BenchResult, formatTable } from "./table.ts";

const benchmarks: Readonly<Record<string, () => Promise<BenchResult>>> = {
  client: benchClient,
  latency: benchLatency,
  resume: benchResume,
};

const { values, positionals } = parseArgs({ options: { json: { type: "boolean" } }, allowPositionals: true });
const names = positionals.length > 0 ? positionals : Object.keys(benchmarks);
for (const name of names) {
  const bench = benchmarks[name];
  if (!bench) {
    console.error(`There is no benchmark ${name}. There are: ${Object.keys(benchmarks).join(", ")}.`);
    process.exit(1);
  }
  const result = await bench();
  console.log(formatTable(result));
  if (values.json) console.log(JSON.stringify(result));
}
