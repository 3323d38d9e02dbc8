/**
 * Gathers what was named as text: flags over environment over typebar.json, each variable also by a file that holds it.
 * Called by load-config.ts, which checks the values.
 */
import * as v from "valibot";
import { ConfigError } from "./config-error.ts";
import { toFlag, variableNames, variableTexts } from "./variables.ts";
import type { Variable } from "./variables.ts";

const configFileName = "typebar.json";

export interface NamedValue {
  value: string;
  /** How the person named it: `--port`, `PORT`, `PORT in typebar.json`. */
  label: string;
}

/** Throws as `readFileSync` does. */
export type ReadFile = (path: string) => string;

interface Source {
  /** The text given under a variable's name; `undefined` where it is not named here. */
  read: (name: string) => string | undefined;
  label: (name: string) => string;
}

const fileSchema = v.record(v.string(), v.union([v.string(), v.number(), v.array(v.union([v.string(), v.number()]))]));

export function gatherValues(sources: Source[], readFile: ReadFile): Map<Variable, NamedValue> {
  const values = new Map<Variable, NamedValue>();
  for (const name of variableNames) {
    for (const source of sources) {
      const found = readOne(source, name, readFile);
      if (found === undefined) continue;
      values.set(name, found);
      break;
    }
  }
  return values;
}

function readOne(source: Source, name: Variable, readFile: ReadFile): NamedValue | undefined {
  const value = source.read(name);
  const path = source.read(`${name}_FILE`);
  const isNamed = value !== undefined && (value !== "" || variableTexts[name].list === true);
  if (path === undefined || path === "") return isNamed ? { value, label: source.label(name) } : undefined;
  const label = source.label(`${name}_FILE`);
  if (isNamed)
    throw new ConfigError("given-twice", `${source.label(name)} and ${label} are both set; set one of them.`);
  try {
    return { value: readFile(path).replace(/\r?\n$/, ""), label };
  } catch (cause) {
    throw new ConfigError(
      "unreadable-file",
      `${label} names a file that cannot be read (${codeOf(cause)}); it must be the path of a file that holds ${name}.`,
      { cause },
    );
  }
}

export function fromFlags(flags: Record<string, unknown>): Source {
  return {
    read: (name) => {
      const value = flags[toFlag(name)];
      return typeof value === "string" ? value : undefined;
    },
    label: (name) => `--${toFlag(name)}`,
  };
}

export function fromEnvironment(env: Record<string, string | undefined>): Source {
  return { read: (name) => env[name], label: (name) => name };
}

/** typebar.json in the working directory; it need not be there. */
export function fromConfigFile(readFile: ReadFile): Source {
  const named = readConfigFile(readFile);
  return {
    read: (name) => {
      const value = Object.hasOwn(named, name) ? named[name] : undefined;
      return value === undefined ? undefined : String(value);
    },
    label: (name) => `${name} in ${configFileName}`,
  };
}

function readConfigFile(readFile: ReadFile): v.InferOutput<typeof fileSchema> {
  let text: string;
  try {
    text = readFile(configFileName);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return {};
    throw new ConfigError("unreadable-file", `${configFileName} cannot be read (${codeOf(cause)}).`, { cause });
  }
  const json = parseJson(text);
  const parsed = v.safeParse(fileSchema, json);
  if (!parsed.success || Array.isArray(json)) {
    throw new ConfigError(
      "unreadable-file",
      `${configFileName} must be a JSON object whose values are texts, numbers or lists of them.`,
    );
  }
  const known = new Set<string>(variableNames.flatMap((name) => [name, `${name}_FILE`]));
  const unknown = Object.keys(parsed.output).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new ConfigError(
      "unknown-key",
      `${configFileName} names ${JSON.stringify(unknown)}, which is none of ${variableNames.join(", ")}.`,
    );
  }
  return parsed.output;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
