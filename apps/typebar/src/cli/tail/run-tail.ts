/** `typebar tail`: from the command line to the exit code. Called by cli/main.ts. */
import { readFileSync } from "node:fs";
import { openEventStream } from "@typebar/client";
import type { ConnectionState } from "@typebar/client";
import { exitCodes } from "../exit-codes.ts";
import { explainError } from "../explain.ts";
import { createOutput, OutputClosed } from "../output.ts";
import type { Output } from "../output.ts";
import { UsageError } from "../parse-flags.ts";
import { toClock, toJsonLine, toTextLine } from "./event-line.ts";
import { parseTailOptions } from "./tail-options.ts";
import type { TailOptions } from "./tail-options.ts";

export async function runTail(argv: string[]): Promise<number> {
  const stdout = createOutput(process.stdout);
  const stderr = createOutput(process.stderr);
  try {
    const command = parseTailOptions(argv, { env: process.env, readFile: (path) => readFileSync(path, "utf8") });
    if (command.type === "help") {
      await stdout.write(`${command.text}\n`);
      return exitCodes.done;
    }
    return await printEvents(command.options, stdout, stderr);
  } catch (error) {
    if (error instanceof OutputClosed) return exitCodes.unread;
    if (!(error instanceof UsageError)) throw error;
    await stderr.write(`${error.message}; typebar tail --help tells more.\n`);
    return exitCodes.usage;
  }
}

async function printEvents(options: TailOptions, stdout: Output, stderr: Output): Promise<number> {
  const { url, headers, lastEventId, silenceMs } = options;
  const toLine = options.json ? toJsonLine : toTextLine;
  const tell = (sentence: string): Promise<void> =>
    stderr.write(`${toClock(new Date())}  ${sentence}\n`, "dim").catch(ignore);
  const stream = openEventStream(url, {
    headers,
    lastEventId,
    silenceMs,
    onStateChange: (state) => tellState(state, url, tell),
  });
  try {
    for await (const event of stream) await stdout.write(toLine(event, new Date()));
  } catch (error) {
    if (error instanceof OutputClosed) throw error;
    await tell(explainError(error, url));
    return exitCodes.failed;
  }
  await tell("The server says that there is nothing more.");
  return exitCodes.done;
}

function tellState(state: ConnectionState, url: URL, tell: (sentence: string) => Promise<void>): void {
  if (state.name === "open") void tell(`Connected to ${url.href}`);
  if (state.name === "waiting")
    void tell(`${explainError(state.error, url)} Trying again in ${(state.delayMs / 1000).toFixed(1)} s.`);
}

function ignore(): void {}
