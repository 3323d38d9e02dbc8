/** What `typebar doctor` finds out about this machine, the data folder and the models. Called by doctor.ts. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { readMigrationState } from "@typebar/chat/operate";
import { LogError } from "@typebar/log";
import type { Config } from "../../config/load-config.ts";
import { explainStart } from "../../explain-start.ts";
import { readOpenFilesLimit } from "../../listen.ts";
import { findProviders } from "../../providers.ts";
import { openStores } from "../../stores.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

const rootDir = resolve(import.meta.dirname, "../../../../..");
const fewFiles = 4096;

export function checkMachine(): Finding[] {
  const files = readOpenFilesLimit();
  return [
    ok(`Node is ${process.version}.`),
    files === undefined || files >= fewFiles
      ? ok(
          files === undefined
            ? "How many files may be open is not limited."
            : `${files} files may be open, connections among them.`,
        )
      : warning(
          `Only ${files} files may be open, connections among them.`,
          "Raise the limit: ulimit -n 65536, or LimitNOFILE of systemd.",
        ),
    existsSync(join(rootDir, "apps/web/dist/index.html"))
      ? ok("The page is built.")
      : warning("The page is not built.", "npm run build:web; npm start does it too."),
  ];
}

/** Opens it, as the server does, so that what stands in the way is seen. */
export async function checkDataFolder(config: Config): Promise<Finding[]> {
  const dataDir = resolve(config.dataDir);
  if (!existsSync(join(dataDir, "typebar.db"))) return [ok(`There is nothing in the data folder ${dataDir} yet.`)];
  try {
    const { log, openDatabase, place } = openStores(config);
    await using _log = log;
    await using database = openDatabase();
    const { pending, latest } = await readMigrationState(database);
    const state = pending.length === 0 ? `up to date (${latest})` : "brought up to date by the next start";
    return [ok(`The data folder ${place} can be written to, and is sound; its tables are ${state}.`)];
  } catch (error) {
    if (error instanceof LogError && error.code === "locked")
      return [ok(`A Typebar is using the data folder ${dataDir}; what is in it can be looked at once it is stopped.`)];
    const sentence = explainStart(error, config);
    if (sentence === undefined) throw error;
    return [problem(sentence, "Without the data folder Typebar does not start.")];
  }
}

export async function checkModels(config: Config): Promise<Finding[]> {
  const { providers, onlyGuide } = await findProviders(config, join(rootDir, "docs"));
  if (onlyGuide)
    return [
      warning("No language model is connected: only the guide answers.", "docs/en/models.md tells how to connect one."),
    ];
  // The guide is the last.
  return Promise.all(
    providers.slice(0, -1).map(async (provider) => {
      try {
        const listed = await provider.listModels(AbortSignal.timeout(5000));
        return ok(`${provider.name} answers, and lists ${listed.length} models.`);
      } catch {
        return problem(
          `${provider.name} does not list its models.`,
          "See that it runs, and that its address and key are right.",
        );
      }
    }),
  );
}
