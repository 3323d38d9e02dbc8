/** `npm start`: reads the configuration, runs the server, says in plain sentences how it went. */
// First: what is imported below reads the environment as it is loaded.
import "./unset-empty.ts";
import { readFileSync } from "node:fs";
import { type Config, loadConfig } from "./config/load-config.ts";
import { explainStart } from "./explain-start.ts";
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

/** It runs all the same, for as long as it goes well; `typebar doctor` says more. */
async function warnOfRedis(url: string): Promise<void> {
  const { checkRedis } = await import("./cli/operate/check-redis.ts");
  for (const { level, text, advice } of await checkRedis(url))
    if (level === "problem") logger.warn({ advice }, `Redis: ${text}`);
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
    if (config.shared) void warnOfRedis(config.shared.redisUrl);
    if (server.onlyGuide && config.model !== undefined)
      console.log("TYPEBAR_MODEL is set, but no model server is connected, so the guide answers.");
    await closeOnSignal(server, config.graceMs);
    process.exit(0);
  }
} catch (error) {
  const sentence = explainStart(error, config);
  if (sentence === undefined) logger.fatal({ err: error }, "Typebar could not go on");
  else console.error(sentence);
  process.exit(1);
}
