/**
 * What every npm command of this repository runs first: sets up what is missing, then runs the verb under Node 24.
 * Needs nothing but Node 20; the steps are in setup/, the rest of the commands are TypeScript beside this file.
 */
import { join } from "node:path";
import { installDependencies } from "./setup/install.mjs";
import { withSetupLock } from "./setup/lock.mjs";
import { findNode } from "./setup/node-binary.mjs";
import { buildPage } from "./setup/page.mjs";
import { runProgram } from "./setup/run.mjs";
import { SetupError, rootDir } from "./setup/shared.mjs";

/** @typedef {{ program: string, page: boolean | ((args: string[]) => boolean), env?: Record<string, string> }} Verb */

/** @type {Record<string, Verb>} */
const verbs = {
  start: { program: "apps/typebar/src/main.ts", page: true },
  test: { program: "scripts/test.ts", page: true },
  "test:long": { program: "scripts/test.ts", page: true, env: { TYPEBAR_TEST_LONG: "1" } },
  check: { program: "scripts/check.ts", page: false },
  pack: { program: "scripts/pack.ts", page: false },
  bench: { program: "bench/main.ts", page: true },
  chaos: { program: "testing/chaos/main.ts", page: false },
  soak: { program: "testing/soak/main.ts", page: false },
  dev: { program: "scripts/dev.ts", page: false },
  // The page is for the server; a question from the terminal does not wait for it.
  typebar: { program: "apps/typebar/src/cli/main.ts", page: ([command = "start"]) => /^(?:start$|-)/.test(command) },
  "build:web": { program: "", page: true },
};

/** @param {string[]} argv */
async function main(argv) {
  const [name = "", ...args] = argv;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (verb === undefined)
    throw new SetupError(`There is no command "${name}". There are: ${Object.keys(verbs).join(", ")}.`);
  const nodePath = await withSetupLock(async () => {
    await installDependencies();
    const found = findNode();
    if (typeof verb.page === "function" ? verb.page(args) : verb.page) await buildPage(found);
    return found;
  });
  if (verb.program === "") return;
  await runProgram(nodePath, [join(rootDir, verb.program), ...args], verb.env ?? {});
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
