/** Command line, environment and typebar.json -> one checked, typed Config. First thing main.ts does; touches nothing itself. */
import { parseArgs } from "node:util";
import * as v from "valibot";
import { ConfigError } from "./config-error.ts";
import { createHelp } from "./help.ts";
import { isLoopbackHost } from "./loopback.ts";
import { fromConfigFile, fromEnvironment, fromFlags, gatherValues } from "./sources.ts";
import type { NamedValue, ReadFile } from "./sources.ts";
import { toFlag, variableNames, variableSchema, variableTexts } from "./variables.ts";
import type { Variable } from "./variables.ts";

export interface Config {
  host: string;
  /** 0: any free port. */
  port: number;
  /** As it was named; relative to the working directory. */
  dataDir: string;
  /** Where several servers keep what they share; `undefined`: this one keeps all in `dataDir`. */
  shared: { databaseUrl: string; redisUrl: string } | undefined;
  /** `provider/model`; `undefined`: the first that is found. */
  model: string | undefined;
  openaiBaseUrl: string | undefined;
  openaiApiKey: string | undefined;
  anthropicApiKey: string | undefined;
  googleApiKey: string | undefined;
  /** Loopback ports on which a model server is looked for. */
  discoverPorts: number[];
  /** Without a path. */
  publicUrl: URL | undefined;
  password: string | undefined;
  /** Whoever has it may publish to channels, and nothing else; `undefined`: nobody may. */
  publishKey: string | undefined;
  /** Event streams that one address may have open; `Infinity`: any number. */
  streamsPerAddress: number;
  /** Addresses and networks of proxies on other machines, whose `X-Forwarded-For` is believed. */
  proxies: string[];
  /** As browsers write them in `Origin`. */
  origins: string[];
  /** Patterns of models that can be shown images; empty: their names say. */
  imageModels: string[];
  titles: "model" | "words";
  continuation: "auto" | "prefill" | "prompt" | "none";
  firstTokenMs: number;
  silenceMs: number;
  totalMs: number;
  graceMs: number;
  attempts: number;
  logTtlSeconds: number;
  /** `undefined`: what suits where the lines go. */
  logLevel: "silent" | "error" | "warn" | "info" | "debug" | undefined;
}

export type LoadedConfig = { type: "run"; config: Config } | { type: "help"; text: string } | { type: "version" };

export interface LoadConfigOptions {
  /** Without the program's own name: `process.argv.slice(2)`. */
  argv: string[];
  env: Record<string, string | undefined>;
  /** Reads UTF-8 text, relative to the working directory; throws as `readFileSync` does. */
  readFile: ReadFile;
}

/** @throws {ConfigError} with one sentence to show; the program should then end. */
export function loadConfig({ argv, env, readFile }: LoadConfigOptions): LoadedConfig {
  const flags = parseFlags(argv);
  if (flags["help"] === true) return { type: "help", text: createHelp() };
  if (flags["version"] === true) return { type: "version" };
  const named = gatherValues([fromFlags(flags), fromEnvironment(env), fromConfigFile(readFile)], readFile);
  const config = checkValues(named);
  if (config.password === undefined && !isLoopbackHost(config.host)) {
    throw new ConfigError(
      "password-needed",
      `HOST is ${JSON.stringify(config.host)}, which other machines can reach, so TYPEBAR_PASSWORD must be set too; or leave HOST at 127.0.0.1.`,
    );
  }
  if (config.publishKey !== undefined && config.publishKey === config.password) {
    throw new ConfigError(
      "same-secret",
      "TYPEBAR_PUBLISH_KEY is the same as TYPEBAR_PASSWORD, so whoever may publish could do everything; set it to another text.",
    );
  }
  return { type: "run", config };
}

function parseFlags(argv: string[]): Record<string, unknown> {
  const names = variableNames.flatMap((name) => [toFlag(name), toFlag(`${name}_FILE`)]);
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  try {
    return parseArgs({ args: argv, options: { ...options, help: { type: "boolean" }, version: { type: "boolean" } } })
      .values;
  } catch (cause) {
    throw new ConfigError("unknown-flag", `${toFlagComplaint(cause)}; --help lists what there is.`, { cause });
  }
}

function toFlagComplaint(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const flag = /'(-[^\s']*)/.exec(message)?.[1]?.replace(/=.*/, "") ?? "";
  if (code === "ERR_PARSE_ARGS_UNKNOWN_OPTION") return `There is no flag ${flag}`;
  if (code === "ERR_PARSE_ARGS_INVALID_OPTION_VALUE")
    return `The flag ${flag} is not used as it must be (${flag}=VALUE, or alone for --help and --version)`;
  return "Typebar takes only flags";
}

function checkValues(named: Map<Variable, NamedValue>): Config {
  const raw = Object.fromEntries([...named].map(([name, { value }]) => [name, value]));
  const parsed = v.safeParse(variableSchema, raw, { abortEarly: true });
  if (!parsed.success) throw toInvalidValue(parsed.issues, named);
  const found = parsed.output;
  return {
    host: found.HOST,
    port: found.PORT,
    dataDir: found.TYPEBAR_DATA,
    shared: toShared(found.DATABASE_URL, found.REDIS_URL),
    model: found.TYPEBAR_MODEL,
    openaiBaseUrl: found.OPENAI_BASE_URL?.href.replace(/\/+$/, ""),
    openaiApiKey: found.OPENAI_API_KEY,
    anthropicApiKey: found.ANTHROPIC_API_KEY,
    googleApiKey: found.GOOGLE_GENERATIVE_AI_API_KEY,
    discoverPorts: found.TYPEBAR_DISCOVER_PORTS,
    publicUrl: found.PUBLIC_URL,
    password: found.TYPEBAR_PASSWORD,
    publishKey: found.TYPEBAR_PUBLISH_KEY,
    streamsPerAddress: toStreamLimit(found.TYPEBAR_STREAMS_PER_ADDRESS, found.TYPEBAR_PASSWORD),
    proxies: found.TYPEBAR_PROXIES,
    origins: found.TYPEBAR_ORIGINS,
    imageModels: found.TYPEBAR_IMAGE_MODELS,
    titles: found.TYPEBAR_TITLES,
    continuation: found.TYPEBAR_CONTINUATION,
    firstTokenMs: found.TYPEBAR_FIRST_TOKEN_MS,
    silenceMs: found.TYPEBAR_SILENCE_MS,
    totalMs: found.TYPEBAR_TOTAL_MS,
    graceMs: found.TYPEBAR_GRACE_MS,
    attempts: found.TYPEBAR_ATTEMPTS,
    logTtlSeconds: found.TYPEBAR_LOG_TTL_S,
    logLevel: found.TYPEBAR_LOG_LEVEL,
  };
}

/** Servers that shared only one of them would each take the others' answers for their own, or for lost. */
function toShared(databaseUrl: string | undefined, redisUrl: string | undefined): Config["shared"] {
  if (databaseUrl === undefined && redisUrl === undefined) return undefined;
  if (databaseUrl !== undefined && redisUrl !== undefined) return { databaseUrl, redisUrl };
  const [set, missing] = databaseUrl === undefined ? ["REDIS_URL", "DATABASE_URL"] : ["DATABASE_URL", "REDIS_URL"];
  throw new ConfigError(
    "half-shared",
    `${set} is set, so ${missing} must be set too: several servers share both. For one server leave both unset.`,
  );
}

/** The single owner on loopback is not limited. */
function toStreamLimit(named: number | undefined, password: string | undefined): number {
  const limit = named ?? (password === undefined ? 0 : 32);
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}

function toInvalidValue(issues: readonly v.BaseIssue<unknown>[], named: Map<Variable, NamedValue>): ConfigError {
  const key = issues[0]?.path?.[0]?.key;
  const name = variableNames.find((candidate) => candidate === key);
  const value = name === undefined ? undefined : named.get(name);
  if (name === undefined || value === undefined)
    return new ConfigError("invalid-value", "The configuration is not valid.");
  const { accepts, secret } = variableTexts[name];
  const given = secret === true ? "is not accepted" : `is ${JSON.stringify(value.value)}`;
  return new ConfigError("invalid-value", `${value.label} ${given}; it must be ${accepts}.`);
}
