/** Command line -> flags and words, as Node understands them. Called by the commands' own options. */
import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";

type FlagsConfig = NonNullable<ParseArgsConfig["options"]>;

/** The command line cannot be understood; its message is one sentence to show. */
export class UsageError extends Error {}

export interface ParsedFlags {
  /** The text of a flag; the last one where it is given twice. */
  text: (name: string) => string | undefined;
  texts: (name: string) => string[];
  isSet: (name: string) => boolean;
  words: string[];
}

/** @throws {UsageError} */
export function parseFlags(argv: string[], options: FlagsConfig): ParsedFlags {
  const { values, positionals } = parse(argv, options);
  const texts = (name: string): string[] =>
    [values[name]].flat().filter((value): value is string => typeof value === "string");
  return { text: (name) => texts(name).at(-1), texts, isSet: (name) => values[name] === true, words: positionals };
}

function parse(argv: string[], options: FlagsConfig): ReturnType<typeof parseArgs> {
  try {
    return parseArgs({ args: argv, options, allowPositionals: true });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(message.split(/\. |\n/u)[0] ?? message, { cause });
  }
}

/**
 * @returns Milliseconds; `undefined` where the flag is not given.
 * @throws {UsageError} If it is no number of seconds.
 */
export function toMilliseconds(flags: ParsedFlags, name: string): number | undefined {
  const text = flags.text(name);
  if (text === undefined) return undefined;
  const seconds = Number(text);
  // A timer holds no more than 2^31-1 ms.
  if (text.trim() === "" || !(seconds >= 0 && seconds <= 2_000_000))
    throw new UsageError(`--${name} is ${JSON.stringify(text)}; it must be a number of seconds`);
  return seconds * 1000;
}
