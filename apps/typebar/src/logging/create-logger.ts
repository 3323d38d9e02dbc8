/** The log of this process: JSON lines on standard error, one sentence a line where a person looks on. Made by main.ts. */
import pino, { type Logger } from "pino";
import type { Config } from "../config/load-config.ts";
import { toErrorFacts } from "./error-facts.ts";
import { toTerminalLine } from "./terminal-line.ts";

/** Until the configuration is read, and then where it names no level. */
const levelOnTerminal = "warn";

export function createLogger(stderr: NodeJS.WriteStream): Logger {
  const options = {
    level: levelOnTerminal,
    // One process writes one log: its number and its machine are known to whoever collects the lines.
    base: null,
    // Trust boundary: the words of an error may quote what people wrote, keys, or what a provider answered.
    serializers: { err: toErrorFacts },
  };
  if (!stderr.isTTY) return pino(options, pino.destination(2));
  return pino(options, { write: (line) => void stderr.write(toTerminalLine(line)) });
}

/** Takes over what the configuration says of the log. */
export function configureLogger(logger: Logger, { logLevel }: Config, isTerminal: boolean): void {
  logger.level = logLevel ?? (isTerminal ? levelOnTerminal : "info");
}
