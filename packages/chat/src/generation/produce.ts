/** One production of one answer: asks the provider, stores what it says, ends with exactly one terminal chunk. */
import { setTimeout as wait } from "node:timers/promises";
import { type Lease, LogError, type RecordLog } from "@typebar/log";
import { type Provider, ProviderError, type ProviderMessage, type ProviderSettings } from "../provider/provider.ts";
import type { EndMetadata, GenerationErrorCode, StartMetadata } from "../protocol.ts";
import { addChunk, type Answer, isToolPart, textOf } from "./answer.ts";
import { type Assembler, createAssembler } from "./assembler.ts";
import { chooseRungs, type ContinuationSetting, createContinuationGuard } from "./continuation.ts";
import { type GenerationLimits, startDeadline } from "./deadline.ts";
import { errorTexts } from "./error-texts.ts";
import { Interruption, type InterruptionCause } from "./interruption.ts";
import { createLogWriter, type LogWriter } from "./log-writer.ts";
import { beginWork, type GenerationObserver, type WorkObserver } from "./observer.ts";
import { readAnswer } from "./read-answer.ts";
import { type StoredChunk, toPayload } from "./records.ts";
import { splitText } from "./split-text.ts";
import { type AnswerTimes, createStopwatch, type Stopwatch } from "./stopwatch.ts";

export interface ProduceOptions {
  log: RecordLog;
  lease: Lease;
  provider: Provider;
  /** Without the provider's prefix. */
  model: string;
  messages: ProviderMessage[];
  settings: ProviderSettings | undefined;
  messageId: string;
  start: StartMetadata;
  /** Text that the answer begins with: of `continue-message`. */
  givenText: string;
  /** Another process began this answer. */
  takeover: boolean;
  limits: GenerationLimits;
  continuation: ContinuationSetting;
  /** How often a provider that asks to wait is asked again. */
  maxRetries: number;
  /** How long the store may refuse before the answer fails, in milliseconds. */
  storeGiveUpMs: number;
  /** This process is going: what is not stored yet is given up, and the answer is left to whoever comes next. */
  handover: AbortSignal;
  /** Called once the `start` chunk is stored. */
  onStarted: () => void;
  /** Told how long the model spoke, once its answer has ended; not where another process heard its beginning. */
  onTimed: (times: AnswerTimes) => void;
  /** Told of errors that are nobody's but ours. */
  report: (error: unknown) => void;
  observers: readonly GenerationObserver[];
  /** Of the request that asked for it. */
  requestId: string | undefined;
}

/** - `ended`: the terminal chunk is stored. - `left`: it is not; somebody else goes on. */
export type ProduceOutcome = "ended" | "left";

interface Ending {
  metadata: EndMetadata;
  errorText?: string;
}

interface Production extends ProduceOptions {
  assembler: Assembler;
  writer: LogWriter;
  work: WorkObserver;
  stopwatch: Stopwatch;
  /** Ends the provider's speech; the reason is an {@link Interruption}. */
  abort: AbortController;
}

/**
 * @throws {LogError} when the `start` chunk could not be stored; nothing was asked then.
 */
export async function produce(options: ProduceOptions): Promise<ProduceOutcome> {
  const { log, lease, handover } = options;
  const { answer } = await readAnswer(log, lease.logId);
  if (answer.closed) return "ended";
  const seq = answer.started ? lease.seq : await begin(answer, options);
  options.onStarted();
  const work = beginWork(options.observers, {
    ...options.start,
    takeover: options.takeover,
    requestId: options.requestId,
  });
  let end: EndMetadata | undefined;

  const abort = new AbortController();
  const interrupt = (why: InterruptionCause): void => abort.abort(new Interruption(why));
  const writer = createLogWriter({
    log,
    lease,
    seq,
    giveUpMs: options.storeGiveUpMs,
    onStop: () => interrupt({ type: "stop" }),
    onFenced: () => interrupt({ type: "fenced" }),
    onRefused: () => interrupt({ type: "limit", code: "store-unavailable" }),
  });
  const onFenced = (): void => {
    interrupt({ type: "fenced" });
    writer.abandon();
  };
  const onHandover = (): void => {
    interrupt({ type: "handover" });
    writer.abandon();
  };
  handover.addEventListener("abort", onHandover);
  const unwatch = log.watch(lease.logId, (wakeUp) => wakeUp === "stop" && interrupt({ type: "stop" }));
  const renewal = setInterval(() => {
    log.renew(lease).then(
      ({ stop }) => stop && interrupt({ type: "stop" }),
      (error: unknown) => {
        // A process that was frozen for long may have nothing to append, and yet a provider that still speaks, for money.
        if (error instanceof LogError && error.code === "fenced") onFenced();
      },
    );
  }, lease.ttlMs / 5);

  try {
    if (lease.stop) interrupt({ type: "stop" });
    if (handover.aborted) onHandover();
    const assembler = createAssembler(answer);
    const isWhole = !options.takeover || answer.parts.length === 0;
    const stopwatch = createStopwatch(() => performance.now());
    const { metadata, errorText } = await speak(answer, { ...options, assembler, writer, work, stopwatch, abort });
    const times = stopwatch.read();
    if (times && isWhole) options.onTimed(times);
    writer.push(assembler.end(metadata, errorText));
    if (!(await writer.flushed())) return "left";
    end = metadata;
    return "ended";
  } finally {
    clearInterval(renewal);
    unwatch();
    handover.removeEventListener("abort", onHandover);
    work.ended(end);
  }
}

/** Stores the `start` chunk, once in a generation, and the text that the answer begins with. Returns the last seq. */
async function begin(answer: Answer, { log, lease, messageId, start, givenText }: ProduceOptions): Promise<number> {
  const chunks: StoredChunk[] = [{ type: "start", messageId, messageMetadata: start }];
  if (givenText !== "") {
    chunks.push({ type: "text-start", id: "t0" });
    for (const delta of splitText(givenText)) chunks.push({ type: "text-delta", id: "t0", delta });
  }
  const { position } = await log.append(lease.logId, { epoch: lease.epoch, seq: lease.seq }, chunks.map(toPayload));
  for (const chunk of chunks) addChunk(answer, chunk);
  return position.seq;
}

/** Lets the provider speak, by whichever way it can go on, and says how the answer ends. */
async function speak(answer: Answer, production: Production): Promise<Ending> {
  const { provider, takeover, continuation, abort } = production;
  // Stopped before it was taken up: whether it could go on does not matter any more.
  if (abort.signal.aborted) return endingOf(abort.signal);
  // A call that was shown may have been answered already: the model must not make it a second time.
  if (answer.openTools.length > 0 || answer.parts.some(isToolPart)) {
    return failure("interrupted", "continuation-unsupported");
  }
  const keptText = textOf(answer.parts);
  if (keptText === "") {
    const outcome = await ask(undefined, production);
    return typeof outcome === "string" ? failure("failed", outcome) : outcome;
  }
  let code: GenerationErrorCode = "continuation-unsupported";
  for (const rung of chooseRungs(provider.continuations, continuation)) {
    const outcome = await ask({ rung, keptText }, production);
    if (typeof outcome !== "string") return outcome;
    code = outcome;
  }
  return failure(takeover ? "interrupted" : "failed", code);
}

type RungFailure = "continuation-unsupported" | "continuation-diverged";

/** Asks the provider once, or again where it asks to wait. A rung that leads nowhere has shown no text, and is named. */
async function ask(
  continuation: { rung: Provider["continuations"][number]; keptText: string } | undefined,
  {
    provider,
    model,
    messages,
    settings,
    limits,
    maxRetries,
    assembler,
    writer,
    work,
    stopwatch,
    abort,
    report,
  }: Production,
): Promise<Ending | RungFailure> {
  const { signal } = abort;
  const guard = createContinuationGuard(continuation?.keptText ?? "", continuation?.rung ?? "resume");
  using deadline = startDeadline(limits, (code) => abort.abort(new Interruption({ type: "limit", code })));
  for (let retries = 0; ; retries++) {
    let spoke = false;
    try {
      signal.throwIfAborted();
      work.asked();
      // What was asked before the first token of a retry would be paid twice: only a refusal is asked again.
      const parts = provider.stream({
        model,
        messages,
        signal,
        ...(settings && { settings }),
        ...(continuation && { continuation }),
      });
      for await (const part of parts) {
        if (signal.aborted) break;
        if (part.type === "finish") {
          const rest = guard.end();
          if (rest === undefined) return "continuation-diverged";
          writer.push(assembler.add({ type: "text", text: rest }));
          const { finishReason, usage } = part;
          return { metadata: { state: "completed", finishReason, ...(usage && { usage }) } };
        }
        deadline.touch();
        work.spoke();
        stopwatch.spoke(part.type === "reasoning");
        spoke = true;
        if (part.type === "text") {
          const text = guard.add(part.text);
          if (text === undefined) return "continuation-diverged";
          writer.push(assembler.add({ type: "text", text }));
        } else {
          if (part.type === "tool-input-start" || part.type === "tool-call") {
            // What is still held back stands before the call.
            const rest = guard.end();
            if (rest === undefined) return "continuation-diverged";
            writer.push(assembler.add({ type: "text", text: rest }));
          }
          writer.push(assembler.add(part));
        }
        const room = writer.room();
        if (room) await room;
      }
      signal.throwIfAborted();
      return failure("failed", "provider-incomplete");
    } catch (error) {
      if (signal.aborted) return endingOf(signal);
      if (!(error instanceof ProviderError)) {
        report(error);
        return failure("failed", "internal");
      }
      if (error.code === "continuation-unsupported") return error.code;
      const waitMs = error.retryAfterMs;
      if (!spoke && waitMs !== undefined && waitMs < limits.firstTokenMs && retries < maxRetries) {
        await sleep(waitMs, signal);
        continue;
      }
      return failure("failed", error.code, error.message);
    }
  }
}

function failure(state: "failed" | "interrupted", code: GenerationErrorCode, errorText = errorTexts[code]): Ending {
  return { metadata: { state, code }, errorText };
}

function endingOf(signal: AbortSignal): Ending {
  const why = whyOf(signal);
  return why?.type === "limit" ? failure("failed", why.code) : { metadata: { state: "stopped" } };
}

function whyOf(signal: AbortSignal): InterruptionCause | undefined {
  return signal.reason instanceof Interruption ? signal.reason.why : undefined;
}

/** Settles after `ms`, or at once when aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
