/**
 * `npm run bench [-- NAME] [--json]`: runs one benchmark or all, each beside its peers in the same run, and prints a table.
 * Those of hub and render can be narrowed: `--subject NAME`; the hub's also by `--part saturation|paced|idle|stalled`, each as often as wanted, and `--rounds N`.
 */
import { parseArgs } from "node:util";
import { benchClient } from "./client/client.ts";
import { benchCluster } from "./cluster/cluster.ts";
import { benchConversation } from "./conversation/conversation.ts";
import { benchHerd } from "./herd/herd.ts";
import { benchHub } from "./hub/hub.ts";
import { benchLatency } from "./latency/latency.ts";
import { benchRender } from "./render/render.ts";
import { benchResume } from "./resume/resume.ts";
import { benchScale } from "./scale/scale.ts";
import { type BenchResult, formatTable } from "./table.ts";

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean" },
    subject: { type: "string", multiple: true },
    part: { type: "string", multiple: true },
    rounds: { type: "string", default: "3" },
  },
  allowPositionals: true,
});

const benchmarks: Readonly<Record<string, () => Promise<BenchResult>>> = {
  client: benchClient,
  cluster: () => benchCluster(values.part),
  conversation: benchConversation,
  herd: benchHerd,
  hub: () => benchHub({ subjects: values.subject, parts: values.part, rounds: Number(values.rounds) }),
  latency: benchLatency,
  render: () => benchRender({ subjects: values.subject }),
  resume: benchResume,
  scale: benchScale,
};

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
