/** `typebar ask`: from the command line to the exit code. Called by cli/main.ts. */
import { readFileSync } from "node:fs";
import { openEventStream } from "@typebar/client";
import type { ConnectionState } from "@typebar/client";
import { exitCodes } from "../exit-codes.ts";
import { explainError } from "../explain.ts";
import { createOutput, OutputClosed } from "../output.ts";
import type { Output } from "../output.ts";
import { UsageError } from "../parse-flags.ts";
import { toAccessHeaders } from "../server-access.ts";
import { parseAskOptions } from "./ask-options.ts";
import type { AskOptions } from "./ask-options.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { createJsonView } from "./json-view.ts";
import { createPatience } from "./patience.ts";
import { initialProgress, nextProgress, toOutcome } from "./progress.ts";
import { readQuestion } from "./question.ts";
import { stopGeneration } from "./stop-generation.ts";
import { createTextView } from "./text-view.ts";

/** Ctrl-C, where there is nothing to stop, or a second time. */
class Left extends Error {}

interface Screen {
  stdout: Output;
  stderr: Output;
  /** Shows one sentence, in a line of its own. */
  tell: (sentence: string) => Promise<void>;
}

export async function runAsk(argv: string[]): Promise<number> {
  const stdout = createOutput(process.stdout);
  const stderr = createOutput(process.stderr);
  const tell = async (sentence: string): Promise<void> => {
    try {
      await stderr.endLine();
      await stderr.write(`${sentence}\n`);
    } catch {
      // Nobody reads it any more.
    }
  };
  try {
    const command = parseAskOptions(argv, { env: process.env, readFile: (path) => readFileSync(path, "utf8") });
    if (command.type === "help") {
      await stdout.write(`${command.text}\n`);
      return exitCodes.done;
    }
    const question = await readQuestion({
      words: command.options.words,
      stdin: process.stdin,
      tell: (text) => void tell(text),
    });
    return await typeAnswer(question, command.options, { stdout, stderr, tell });
  } catch (error) {
    if (error instanceof OutputClosed) return exitCodes.unread;
    if (!(error instanceof UsageError)) throw error;
    await tell(`${error.message}; typebar ask --help tells more.`);
    return exitCodes.usage;
  }
}

async function typeAnswer(question: string, options: AskOptions, { stdout, stderr, tell }: Screen): Promise<number> {
  const { baseUrl, password, model, conversationId, json, verbose } = options;
  const url = new URL("api/chat", baseUrl);
  const view = json ? createJsonView(stdout) : createTextView({ stdout, stderr, baseUrl });
  const leaving = new AbortController();
  // Aborted when the answer is over for us.
  const over = new AbortController();
  const generationId = Promise.withResolvers<string>();
  const stop = { asked: false, heard: false };
  let progress = initialProgress;

  const askToStop = async (): Promise<void> => {
    const id = await generationId.promise;
    await stopGeneration({
      url: new URL(`api/generations/${id}/stop`, baseUrl),
      headers: toAccessHeaders(password),
      signal: over.signal,
      onUnheard: () => void tell("The server cannot be reached to stop the answer; still trying. Ctrl-C leaves."),
    });
    stop.heard = true;
  };
  const onFirst = (): void => {
    // Nobody there: nothing was asked that could be stopped.
    if (!patience.reached && stream.state.name === "waiting") leaving.abort(new Left());
    stop.asked = true;
    void askToStop();
  };
  const tellState = (state: ConnectionState): void => {
    if (state.name !== "waiting") return;
    const why = explainError(state.error, url);
    if (verbose) void tell(`${why} Trying again in ${(state.delayMs / 1000).toFixed(1)} s.`);
    else if (!patience.reached && state.failures === 1) void tell(`${why} Trying for ${options.firstWaitMs / 1000} s.`);
  };

  using patience = createPatience({ ...options, onGiveUp: (error) => leaving.abort(error) });
  const stream = openEventStream(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Typebar-Resume": "1",
      // Whatever is lost, before or after the first event: the same request is sent again, and asks once.
      "Idempotency-Key": crypto.randomUUID(),
      ...toAccessHeaders(password),
    },
    body: JSON.stringify({ message: question, model, conversationId }),
    signal: leaving.signal,
    backoff: { maxMs: 3000 },
    onOpen(response) {
      const id = response.headers.get("Typebar-Generation");
      if (id !== null) generationId.resolve(id);
      if (verbose)
        void tell(`Connected: conversation ${response.headers.get("Typebar-Conversation")}, generation ${id}`);
    },
    onStateChange(state) {
      tellState(state);
      patience.onStateChange(state);
    },
  });
  using _interrupts = listenForInterrupts({ onFirst, onSecond: () => leaving.abort(new Left()) });

  try {
    for await (const event of stream) {
      progress = nextProgress(progress, event);
      if (progress.start !== undefined) generationId.resolve(progress.start.generationId);
      await view.show(event);
      if (progress.closed) break;
    }
  } catch (error) {
    if (error instanceof OutputClosed) throw error;
    await view.end();
    if (error instanceof Left) {
      if (patience.reached && !stop.heard) await tell("Left; the answer goes on at the server.");
      return exitCodes.interrupted;
    }
    await tell(explainError(error, url));
    if (progress.start !== undefined)
      await tell(
        `The answer is kept: typebar tail ${new URL(`api/generations/${progress.start.generationId}/events`, baseUrl).href}`,
      );
    return exitCodes.failed;
  } finally {
    stream.close();
    over.abort();
  }
  await view.end();
  const { exitCode, sentence } = toOutcome(progress, stop.asked);
  if (sentence !== undefined) await tell(sentence);
  return view.replaced ? exitCodes.failed : exitCode;
}
