/** What `typebar migrate`, `doctor`, `export` and `import` have in common: flags, configuration, one sentence for what went wrong. Called by cli/main.ts. */
import { readFileSync } from "node:fs";
import { ConfigError } from "../../config/config-error.ts";
import { type Config, loadConfig } from "../../config/load-config.ts";
import { explainStart } from "../../explain-start.ts";
import { exitCodes } from "../exit-codes.ts";

export interface Operation {
  /** After `typebar`. */
  name: string;
  /** A word that it wants beside flags; `undefined`: none. */
  word?: string;
  help: readonly string[];
  /** Resolves with the exit code. */
  run(config: Config, word: string): Promise<number>;
}

export async function runOperation(operation: Operation, argv: string[]): Promise<number> {
  const { name, word, help, run } = operation;
  const words = argv.filter((argument) => !argument.startsWith("--"));
  const flags = argv.filter((argument) => argument.startsWith("--"));
  if (flags.includes("--help")) {
    console.log(
      [`typebar ${name}${word === undefined ? "" : ` ${word}`}: ${help.join("\n")}`, "", configHelp].join("\n"),
    );
    return exitCodes.done;
  }
  if (words.length !== (word === undefined ? 0 : 1)) {
    console.error(`typebar ${name} takes ${word ?? "no words"}; typebar ${name} --help tells more.`);
    return exitCodes.usage;
  }
  let config: Config | undefined;
  try {
    const loaded = loadConfig({ argv: flags, env: process.env, readFile: (path) => readFileSync(path, "utf8") });
    if (loaded.type !== "run") return exitCodes.usage;
    ({ config } = loaded);
    return await run(config, words[0] ?? "");
  } catch (error) {
    const sentence = error instanceof OperationError ? error.message : explainStart(error, config);
    if (sentence === undefined) throw error;
    console.error(sentence);
    return error instanceof ConfigError ? exitCodes.usage : exitCodes.failed;
  }
}

const configHelp =
  "It reads the same configuration as the server does, flags as --name=VALUE: see typebar --help. Exit codes: 0 done; 1 failed; 2 wrong flags or configuration.";

/** Its message is one sentence to show. */
export class OperationError extends Error {}
