/**
 * Every variable that Typebar knows: what it accepts and what it is when nobody names it.
 * Read by load-config.ts, sources.ts and help.ts; the only place to touch for a new one.
 */
import { isIP } from "node:net";
import * as v from "valibot";
import { parseRange } from "../access/proxies.ts";

/** A timer set to more than this fires at once. */
const longestTimerMs = 2 ** 31 - 1;

const wholeNumber = (from: number, to: number): v.GenericSchema<string, number> =>
  v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number), v.minValue(from), v.maxValue(to));

const host = v.pipe(
  v.string(),
  v.check((text) => isIP(text) !== 0 || /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i.test(text)),
);

const webAddress = v.pipe(
  v.string(),
  v.check((text) => /^https?:$/.test(urlOf(text)?.protocol ?? "")),
  v.transform((text) => new URL(text)),
);

/** Scheme, host and port, and nothing after them. */
const isOrigin = (text: string): boolean => {
  const url = urlOf(text);
  return url !== undefined && /^https?:$/.test(url.protocol) && (text === url.origin || text === `${url.origin}/`);
};

const isUrlOf =
  (protocol: RegExp) =>
  (text: string): boolean =>
    protocol.test(urlOf(text)?.protocol ?? "");

const list = <T>(item: v.GenericSchema<string, T>): v.GenericSchema<string, T[]> =>
  v.pipe(
    v.string(),
    v.transform((text) =>
      text
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    ),
    v.array(item),
  );

/** Printable, so that a header can carry it. */
const secret = v.pipe(v.string(), v.regex(/^[^\p{Cc}]+$/u));

export const variableSchema = v.object({
  HOST: v.optional(host, "127.0.0.1"),
  PORT: v.optional(wholeNumber(0, 65_535), "8787"),
  TYPEBAR_DATA: v.optional(v.pipe(v.string(), v.regex(/^[^\0]+$/)), "./data"),
  DATABASE_URL: v.optional(v.pipe(v.string(), v.check(isUrlOf(/^postgres(?:ql)?:$/)))),
  REDIS_URL: v.optional(v.pipe(v.string(), v.check(isUrlOf(/^(?:rediss?|unix):$/)))),
  TYPEBAR_MODEL: v.optional(v.pipe(v.string(), v.regex(/^\S{1,200}$/))),
  OPENAI_BASE_URL: v.optional(webAddress),
  OPENAI_API_KEY: v.optional(secret),
  ANTHROPIC_API_KEY: v.optional(secret),
  GOOGLE_GENERATIVE_AI_API_KEY: v.optional(secret),
  TYPEBAR_DISCOVER_PORTS: v.optional(list(wholeNumber(1, 65_535)), "11434,1234,8080,8000"),
  PUBLIC_URL: v.optional(
    v.pipe(
      v.string(),
      v.check(isOrigin),
      v.transform((text) => new URL(text)),
    ),
  ),
  TYPEBAR_PASSWORD: v.optional(secret),
  TYPEBAR_PUBLISH_KEY: v.optional(secret),
  TYPEBAR_STREAMS_PER_ADDRESS: v.optional(wholeNumber(0, 1_000_000)),
  TYPEBAR_PROXIES: v.optional(
    list(
      v.pipe(
        v.string(),
        v.check((text) => parseRange(text) !== undefined),
      ),
    ),
    "",
  ),
  TYPEBAR_ORIGINS: v.optional(
    list(
      v.pipe(
        v.string(),
        v.check(isOrigin),
        v.transform((text) => new URL(text).origin),
      ),
    ),
    "",
  ),
  TYPEBAR_IMAGE_MODELS: v.optional(list(v.pipe(v.string(), v.regex(/^\S{1,200}$/u))), ""),
  TYPEBAR_TITLES: v.optional(v.picklist(["model", "words"]), "model"),
  TYPEBAR_CONTINUATION: v.optional(v.picklist(["auto", "prefill", "prompt", "none"]), "auto"),
  TYPEBAR_FIRST_TOKEN_MS: v.optional(wholeNumber(1, longestTimerMs), "60000"),
  TYPEBAR_SILENCE_MS: v.optional(wholeNumber(1, longestTimerMs), "60000"),
  TYPEBAR_TOTAL_MS: v.optional(wholeNumber(1, longestTimerMs), "900000"),
  TYPEBAR_GRACE_MS: v.optional(wholeNumber(0, longestTimerMs), "10000"),
  TYPEBAR_ATTEMPTS: v.optional(wholeNumber(1, 100), "3"),
  TYPEBAR_LOG_TTL_S: v.optional(wholeNumber(1, 10 * 365 * 86_400), "86400"),
  TYPEBAR_LOG_LEVEL: v.optional(v.picklist(["silent", "error", "warn", "info", "debug"])),
});

export type Variable = keyof typeof variableSchema.entries;

export interface VariableText {
  /** What it is for, for `--help`. */
  help: string;
  /** Ends the sentence "… must be". */
  accepts: string;
  /** Its value is never shown. */
  secret?: true;
  /** An empty value is an empty list, not "not set". */
  list?: true;
}

const milliseconds = (from: number): string => `a whole number of milliseconds from ${from} to ${longestTimerMs}`;

export const variableTexts: Record<Variable, VariableText> = {
  HOST: { help: "address to listen on", accepts: "a host name or an IP address" },
  PORT: { help: "port to listen on; 0 takes a free one", accepts: "a whole number from 0 to 65535" },
  TYPEBAR_DATA: { help: "folder of conversations and answers, without DATABASE_URL and REDIS_URL", accepts: "a path" },
  DATABASE_URL: {
    help: "PostgreSQL that keeps the conversations of several servers; goes with REDIS_URL",
    accepts: "of the form postgresql://user:password@host:port/database, with / # % in a password as %2F %23 %25",
    secret: true,
  },
  REDIS_URL: {
    help: "Redis or Valkey that carries the answers of several servers; goes with DATABASE_URL",
    accepts:
      "of the form redis://user:password@host:port/database, rediss:// with TLS, or unix:///path; with / # % in a password as %2F %23 %25",
    secret: true,
  },
  TYPEBAR_MODEL: {
    help: "model that answers unless a question names another",
    accepts: "of the form provider/model, such as openai/gpt-5, or a model of the first provider",
  },
  OPENAI_BASE_URL: {
    help: "address of an OpenAI-compatible server",
    accepts: "an http or https address, such as http://127.0.0.1:11434/v1",
  },
  OPENAI_API_KEY: {
    help: "key for OpenAI or the server at OPENAI_BASE_URL",
    accepts: "text without control characters",
    secret: true,
  },
  ANTHROPIC_API_KEY: { help: "key for Anthropic", accepts: "text without control characters", secret: true },
  GOOGLE_GENERATIVE_AI_API_KEY: { help: "key for Google", accepts: "text without control characters", secret: true },
  TYPEBAR_DISCOVER_PORTS: {
    help: "loopback ports on which a model server is looked for; empty: none",
    accepts: "ports from 1 to 65535 with commas between",
    list: true,
  },
  PUBLIC_URL: {
    help: "address that people open, if a proxy stands before Typebar",
    accepts: "an http or https address without a path, such as https://chat.example.org",
  },
  TYPEBAR_PASSWORD: { help: "password that everybody needs", accepts: "text without control characters", secret: true },
  TYPEBAR_PUBLISH_KEY: {
    help: "key with which events may be published to channels, and nothing else; none: they cannot be",
    accepts: "text without control characters",
    secret: true,
  },
  TYPEBAR_STREAMS_PER_ADDRESS: {
    help: "event streams that one address may have open; 0: any number [32 with a password, else 0]",
    accepts: "a whole number from 0 to 1000000",
  },
  TYPEBAR_PROXIES: {
    help: "proxies on other machines, whose X-Forwarded-For is believed",
    accepts: "IP addresses or networks with commas between, such as 10.0.0.5,192.168.0.0/16",
    list: true,
  },
  TYPEBAR_ORIGINS: {
    help: "other sites whose pages may use this server",
    accepts: "origins with commas between, such as https://app.example.org",
    list: true,
  },
  TYPEBAR_IMAGE_MODELS: {
    help: "models that can be shown images, where their names do not say",
    accepts: "names of models with commas between, * for any characters, such as ollama/*-vl",
    list: true,
  },
  TYPEBAR_TITLES: {
    help: "where titles come from: the model, asked once more, or the first words of the question",
    accepts: "model or words",
  },
  TYPEBAR_CONTINUATION: { help: "how an answer that was cut off goes on", accepts: "auto, prefill, prompt or none" },
  TYPEBAR_FIRST_TOKEN_MS: { help: "longest wait for a model's first word", accepts: milliseconds(1) },
  TYPEBAR_SILENCE_MS: { help: "longest silence of a model in mid-answer", accepts: milliseconds(1) },
  TYPEBAR_TOTAL_MS: { help: "longest time for one answer", accepts: milliseconds(1) },
  TYPEBAR_GRACE_MS: {
    help: "time that running answers get to finish when Typebar is stopped",
    accepts: milliseconds(0),
  },
  TYPEBAR_ATTEMPTS: {
    help: "how often an answer that was cut off is gone on with",
    accepts: "a whole number from 1 to 100",
  },
  TYPEBAR_LOG_TTL_S: {
    help: "how long an answer can be resumed",
    accepts: "a whole number of seconds from 1 to 315360000",
  },
  TYPEBAR_LOG_LEVEL: {
    help: "what is written to standard error [warn on a terminal, else info]",
    accepts: "silent, error, warn, info or debug",
  },
};

export const variableNames: Variable[] = v.parse(v.array(v.keyof(variableSchema)), Object.keys(variableSchema.entries));

/** `TYPEBAR_FIRST_TOKEN_MS` -> `first-token-ms`. */
export function toFlag(name: string): string {
  return name
    .replace(/^TYPEBAR_/, "")
    .toLowerCase()
    .replaceAll("_", "-");
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
