/** One JSON line of the log -> one line that a person can read. Used by create-logger.ts where standard error is a terminal. */
import { toTerminalText } from "../cli/terminal-text.ts";

const levelNames: Readonly<Record<number, string>> = { 20: "debug", 30: "info", 40: "warn", 50: "error", 60: "fatal" };

export function toTerminalLine(json: string): string {
  const { level, time, msg, ...facts } = JSON.parse(json) as { level: number; time: number; msg?: string };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const named = Object.entries(facts).map(([name, value]) => `${name}=${toText(value)}`);
  // What is logged may have come with a request: a terminal must not obey it.
  const line = [clock, levelNames[level] ?? String(level), msg ?? "", ...named].join(" ");
  return `${toTerminalText(line.replaceAll("\n", " "))}\n`;
}

function toText(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
