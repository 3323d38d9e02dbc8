/** `npm start`: reads the configuration, runs the server, says in plain sentences how it went. */
// First: what is imported below reads the environment as it is loaded.
import "./unset-empty.ts";
import { readFileSync } from "node:fs";
import { DatabaseFileError, StoreUnavailableError } from "@typebar/chat";
import { LogError } from "@typebar/log";
import { ConfigError } from "./config/config-error.ts";
import { type Config, loadConfig } from "./config/load-config.ts";
import { configureLogger, createLogger } from "./logging/create-logger.ts";
import { openTypebar, type TypebarServer } from "./server.ts";

const logger = createLogger(process.stderr);

/** A request that went wrong where nobody waited for it must not end the others. */
process.on("unhandledRejection", (error) => logger.error({ err: error }, "nobody waited for a failure"));
/** Node would print the error's own words, which may quote anything. */
process.on("uncaughtException", (error) => {
  logger.fatal({ err: error }, "Typebar could not go on");
  process.exit(1);
});

function load(): Config | undefined {
  const loaded = loadConfig({
    // `typebar start --port 9000`
    argv: process.argv.slice(process.argv[2] === "start" ? 3 : 2),
    env: process.env,
    readFile: (path) => readFileSync(path, "utf8"),
  });
  if (loaded.type === "run") return loaded.config;
  console.log(loaded.type === "help" ? loaded.text : readVersion());
  return undefined;
}

function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return version;
}

/** One sentence for what a person can put right; `undefined` for what is a bug of ours. */
function explain(error: unknown, config: Config | undefined): string | undefined {
  if (error instanceof ConfigError) return `${error.message}.`.replace(/\.\.$/, ".");
  if (config?.shared) return explainShared(error) ?? explainPort(error, config);
  if (error instanceof DatabaseFileError || error instanceof LogError) return explainFile(error, config?.dataDir);
  return explainPort(error, config);
}

/** PostgreSQL's and Redis's own words may hold anything: only what kind of error it is is told. */
function explainShared(error: unknown): string | undefined {
  if (error instanceof StoreUnavailableError)
    return "PostgreSQL does not answer. See that it runs, and that DATABASE_URL names it.";
  if (error instanceof LogError)
    return "Redis does not answer, or refuses to write. See that it runs, and that REDIS_URL names it.";
  const code = error instanceof Error && "severity" in error && "code" in error ? String(error.code) : "";
  if (code.startsWith("28")) return "PostgreSQL refuses the user or the password of DATABASE_URL.";
  if (code === "3D000") return "PostgreSQL has no database of the name in DATABASE_URL. Create it first: createdb.";
  if (code === "42501")
    return "The user of DATABASE_URL may not create tables there. Give it the right, or run typebar migrate with another user.";
  return undefined;
}

function explainPort(error: unknown, config: Config | undefined): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return `Port ${config?.port} of ${config?.host} is in use. Stop what uses it, or set PORT to another.`;
  if (code === "EACCES") return `Port ${config?.port} may not be used by this user. Set PORT to one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `This machine has no address ${config?.host}. Set HOST to one it has.`;
  return undefined;
}

function explainFile(error: DatabaseFileError | LogError, dataDir: string | undefined): string {
  switch (error.code) {
    case "locked":
      return `Another Typebar is using the data folder ${dataDir}. Stop it, or set TYPEBAR_DATA to another folder.`;
    case "damaged":
      return `${error.message}. Restore a backup, or move it away to start without it: docs/en/troubleshooting.md#the-database-is-damaged`;
    case "unwritable": {
      const code = error.cause instanceof Error && "code" in error.cause ? error.cause.code : undefined;
      if (code === "EEXIST" || code === "ENOTDIR")
        return `The data folder ${dataDir} cannot be made: a file has its name, or that of a folder above it. Set TYPEBAR_DATA to another folder.`;
      return `${error.message}. Give this user write permission there, or set TYPEBAR_DATA to another folder.`;
    }
    case "fenced":
    case "unavailable":
      return `${error.message}.`;
  }
}

function greet({ url, networkUrls, place, defaultModel, onlyGuide, hasPage }: TypebarServer): void {
  console.log([`Typebar is at ${url}`, ...networkUrls].join(", "));
  if (onlyGuide)
    console.log("Answers come from Typebar's own guide, not a language model. To connect one: docs/en/models.md");
  else if (defaultModel === "")
    console.log("The model server that is configured does not answer. Questions are refused until it does.");
  else console.log(`Answers come from ${defaultModel}`);
  console.log(`Conversations are kept in ${place}`);
  if (!hasPage) console.log("The page has not been built: npm run build:web");
}

async function closeOnSignal(server: TypebarServer, graceMs: number): Promise<void> {
  const signal = Promise.withResolvers<void>();
  let firstAskedMs: number | undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      // Who asks twice does not want to wait: what is stored is safe, and the next start goes on. Within a second it is
      // one asking, which came to the whole process group and was passed on by whoever started us as well.
      if (firstAskedMs !== undefined && performance.now() - firstAskedMs > 1000) process.exit(1);
      firstAskedMs ??= performance.now();
      signal.resolve();
    });
  }
  await signal.promise;
  console.log("Typebar is stopping…");
  await server.close(graceMs);
}

let config: Config | undefined;
try {
  config = load();
  if (config) {
    configureLogger(logger, config, process.stderr.isTTY);
    const server = await openTypebar(config, logger);
    greet(server);
    if (server.onlyGuide && config.model !== undefined)
      console.log("TYPEBAR_MODEL is set, but no model server is connected, so the guide answers.");
    await closeOnSignal(server, config.graceMs);
    process.exit(0);
  }
} catch (error) {
  const sentence = explain(error, config);
  if (sentence === undefined) logger.fatal({ err: error }, "Typebar could not go on");
  else console.error(sentence);
  process.exit(1);
}
