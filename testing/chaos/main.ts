/**
 * `npm run chaos -- --seed N [--short] [--json]`: three nodes behind nginx over a real Redis and a real PostgreSQL, answers for many
 * followers, and everything breaks, in the order that the seed says. The last line is JSON; exit code 1 if anything was wrong.
 */
import { parseArgs } from "node:util";
import { createPlan } from "./plan.ts";
import { runChaos } from "./run.ts";
import { openWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    short: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`The seed is a whole number, not ${values.seed}`);

const tell = (line: string): void => {
  if (!values.json) console.log(line);
};
const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const)
  process.on(name, () => interrupted.abort(new Error(`ended by ${name}`)));

const plan = createPlan(seed, values.short);
tell(`seed ${seed}: ${plan.generations.length} answers; Redis writes its file ${plan.persistence}`);
try {
  await using world = await openWorld(plan);
  const { account, ...counts } = await runChaos(world, plan, { signal: interrupted.signal, tell });
  if (account !== "") {
    console.log(account);
    console.log(`\nThe same again: npm run chaos -- --seed ${seed}${values.short ? " --short" : ""}`);
  }
  const { faults, followers, violations, ends } = counts;
  console.log(JSON.stringify({ seed, faults, generations: plan.generations.length, followers, violations, ends }));
  process.exitCode = violations === 0 ? 0 : 1;
} catch (error) {
  if (!interrupted.signal.aborted) throw error;
  console.error(String(interrupted.signal.reason));
  process.exitCode = 130;
}
// Node's own tidying can wait for ever for a socket that was reset while it was being shut down.
process.exit();
