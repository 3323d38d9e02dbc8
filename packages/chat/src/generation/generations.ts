/** All generations of this process: starts them, takes over what others left, stops them, hands them over. Called by routes/ and the program. */
import { type Lease, LogError, type RecordLog } from "@typebar/log";
import type { EndMetadata } from "../protocol.ts";
import type { Nodes } from "../nodes/nodes.ts";
import type { ProviderMessage } from "../provider/provider.ts";
import type { ProviderRegistry } from "../provider/registry.ts";
import type { DeletedStore } from "../store/deleted.ts";
import type { GenerationStore, UnfinishedRow } from "../store/generations.ts";
import { type GenerationRow, toGivenText, toStoredPrompt } from "../store/rows.ts";
import type { ContinuationSetting } from "./continuation.ts";
import type { GenerationLimits } from "./deadline.ts";
import { endGeneration } from "./end.ts";
import { toHistory } from "./history.ts";
import { beginWork, type GenerationObserver } from "./observer.ts";
import { produce } from "./produce.ts";
import type { AnswerTimes } from "./stopwatch.ts";
import { expireKeptLogs, projectEnd } from "./project.ts";
import { purgeDeleted } from "./purge.ts";

export interface GenerationsOptions {
  log: RecordLog;
  store: GenerationStore;
  deleted: DeletedStore;
  providers: ProviderRegistry;
  limits: GenerationLimits;
  continuation: ContinuationSetting;
  /** How often one generation may be taken over. @defaultValue 3 */
  maxTakeovers: number;
  /** How long a log is kept after its end, in seconds. @defaultValue 86400 */
  logTtlSeconds: number;
  /** A name of this process, for people who look at leases. */
  holder: string;
  /** Told of errors that nobody waits for. */
  report: (message: string, error: unknown, details: { generationId: string }) => void;
  /** Told of each generation that has ended here, once its message is stored. Must not throw. @defaultValue nobody */
  onEnded?: ((generation: GenerationRow) => void) | undefined;
  /** Told what becomes of each generation. @defaultValue none */
  observers?: readonly GenerationObserver[];
  /** How long the store may refuse before an answer fails, in milliseconds. @defaultValue 30000 */
  storeGiveUpMs?: number;
  /** How long a lease lasts without being renewed, in milliseconds. @defaultValue 4000 */
  leaseTtlMs?: number;
  /**
   * How often unfinished generations of others are looked for, in milliseconds, a quarter more or less each time.
   *
   * @defaultValue 1000 with other nodes, else 10000
   */
  sweepMs?: number;
  /** The servers that share log and store. @defaultValue there is none but this one */
  nodes?: Pick<Nodes, "isMine">;
}

export interface Generations {
  /**
   * Starts a generation that was just begun; it goes on by itself. Settles when its `start` chunk is stored.
   *
   * Does nothing where another process has taken it up already, or could when this one could not. `requestId` is of the request that asks for it, for observers.
   *
   * @throws {LogError} "unavailable": it could not be stored; the generation has ended as failed.
   */
  launch(generation: GenerationRow, requestId?: string): Promise<void>;
  /** Projects what has ended and takes over this node's share of what nobody works on. Runs once at the start, then by itself. */
  sweep(): Promise<void>;
  /** Asks for a stop, wherever the generation runs. */
  stop(generation: GenerationRow): Promise<void>;
  /** Settles when the generation does not work in this process (any more). */
  settled(id: string): Promise<void>;
  /** Lets own generations finish for `graceMs`, then gives up their leases: the next start goes on with them. */
  drain(graceMs: number): Promise<void>;
}

/** `stop`: nobody works on it, and it shall end. */
type WorkReason = "start" | "takeover" | "stop";

/** How this process came to a generation. */
interface Origin {
  takeover: boolean;
  /** Of the request that asked for it. */
  requestId: string | undefined;
}

interface Active {
  handover: AbortController;
  done: Promise<void>;
}

/** How often a node among others looks for what is not needed any more. */
const tidyMs = 10_000;

/** Where `close` would stand in the log of an answer that could not be begun: after `start`, metadata and `error`. No record has that epoch. */
const unaskedEndEpoch = 0;
const unaskedEndSeq = 4;

export function createGenerations(options: GenerationsOptions): Generations {
  const {
    log,
    store,
    providers,
    holder,
    report,
    observers = [],
    storeGiveUpMs = 30_000,
    leaseTtlMs = 4000,
    nodes,
    sweepMs = nodes ? 1000 : 10_000,
  } = options;
  const active = new Map<string, Active>();
  let draining = false;
  let sweeping: Promise<void> | undefined;
  let tidyAtMs = 0;
  /** Those that were queued at the last sweep. */
  let queuedBefore: ReadonlySet<string> = new Set();
  let timer = plan();

  function plan(): NodeJS.Timeout {
    return setTimeout(
      () => void sweep().then(() => (timer = draining ? timer : plan())),
      sweepMs * (0.75 + Math.random() / 2),
    ).unref();
  }

  /** Takes the lease and works on the generation in the background. `undefined` when another has it. */
  async function work(
    generation: GenerationRow,
    why: WorkReason,
    requestId?: string,
  ): Promise<{ started: Promise<void> } | undefined> {
    const { id } = generation;
    if (active.has(id) || draining) return undefined;
    const handover = new AbortController();
    const { promise: started, resolve: onStarted, reject: onRefused } = Promise.withResolvers<void>();
    started.catch(() => undefined);
    const { promise: done, resolve: onDone } = Promise.withResolvers<void>();
    // Before the first await: two sweeps must not both begin.
    active.set(id, { handover, done });
    const leave = (): void => {
      active.delete(id);
      onDone();
    };
    let lease: Lease | undefined;
    try {
      lease = await log.acquire(id, { holder, ttlMs: leaseTtlMs });
      if (lease && why === "stop") await log.requestStop(id);
    } catch (error) {
      leave();
      throw error;
    }
    if (!lease) {
      leave();
      return undefined;
    }
    void runLeased(
      generation,
      why === "stop" ? { ...lease, stop: true } : lease,
      { takeover: why !== "start", requestId },
      handover.signal,
      onStarted,
    )
      .catch((error: unknown) => {
        onRefused(error);
        report("a generation could not be worked on", error, { generationId: id });
      })
      .finally(() => {
        onStarted();
        leave();
      });
    return { started };
  }

  async function runLeased(
    generation: GenerationRow,
    lease: Lease,
    origin: Origin,
    handover: AbortSignal,
    onStarted: () => void,
  ): Promise<void> {
    const { id } = generation;
    let times: AnswerTimes | undefined;
    try {
      if (await projectEnd(log, store, id, options.logTtlSeconds)) return;
      const takeovers = origin.takeover ? await store.addTakeover(id) : 0;
      if (takeovers === undefined) {
        // It ended, or was deleted, since it was found: the lease has only made an empty log. Unless the lease was lost by now, and
        // somebody else has ended it.
        if (!(await projectEnd(log, store, id, options.logTtlSeconds))) await log.expire(id, 0);
      } else if (takeovers > options.maxTakeovers) {
        await endUnasked(generation, lease, origin, { state: "interrupted", code: "attempts-exhausted" });
      } else {
        const onTimed = (timed: AnswerTimes): void => void (times = timed);
        const outcome = await produceAnswer(generation, lease, origin, handover, { onStarted, onTimed });
        if (outcome === "left") {
          // What is handed over on purpose was not cut off: it is not counted as an attempt. What was taken from here before that was.
          if (handover.aborted && (await isHeld(lease))) await store.addTakeover(id, -1);
          return;
        }
      }
      await projectEnd(log, store, id, options.logTtlSeconds, times);
      options.onEnded?.(generation);
    } finally {
      await log.release(lease);
    }
  }

  function isHeld(lease: Lease): Promise<boolean> {
    return log.renew(lease).then(
      () => true,
      () => false,
    );
  }

  async function produceAnswer(
    generation: GenerationRow,
    lease: Lease,
    origin: Origin,
    handover: AbortSignal,
    { onStarted, onTimed }: { onStarted: () => void; onTimed: (times: AnswerTimes) => void },
  ): Promise<"ended" | "left"> {
    const { id, model, conversation_id: conversationId, message_id: messageId } = generation;
    const chosen = providers.resolve(model);
    if (!chosen) {
      await endUnasked(generation, lease, origin, { state: "failed", code: "provider-unavailable" });
      return "ended";
    }
    const prompt = toStoredPrompt(generation);
    const messages = prompt?.messages ?? (await readPrompt(generation));
    return produce({
      log,
      lease,
      handover,
      provider: chosen.provider,
      model: chosen.model,
      messages,
      settings: prompt?.settings,
      messageId,
      start: { conversationId, generationId: id, model },
      givenText: toGivenText(generation),
      ...origin,
      limits: options.limits,
      continuation: options.continuation,
      maxRetries: 2,
      storeGiveUpMs,
      onStarted: () => {
        onStarted();
        store.setRunning(id).catch((error: unknown) => report("a state was not stored", error, { generationId: id }));
      },
      onTimed,
      report: (error) => report("a generation failed", error, { generationId: id }),
      observers,
    });
  }

  async function endUnasked(generation: GenerationRow, lease: Lease, origin: Origin, end: EndMetadata): Promise<void> {
    await endGeneration(log, lease, generation, end);
    tellUnasked(generation, origin, end);
  }

  function tellUnasked({ id, conversation_id, model }: GenerationRow, origin: Origin, end: EndMetadata): void {
    beginWork(observers, { generationId: id, conversationId: conversation_id, model, ...origin }).ended(end);
  }

  /** A prompt of a request's own says for itself what goes before its messages. */
  async function readPrompt(generation: GenerationRow): Promise<ProviderMessage[]> {
    const text = await store.systemPrompt(generation);
    const history = await readHistory(generation);
    return text.trim() === "" ? history : [{ role: "system", text }, ...history];
  }

  async function readHistory(generation: GenerationRow): Promise<ProviderMessage[]> {
    return toHistory(await store.history(generation), {
      images: providers.inputOf(generation.model).input.includes("image"),
      readFile: (id) => store.readFile(generation, id),
    });
  }

  function sweep(): Promise<void> {
    return (sweeping ??= sweepOnce().finally(() => (sweeping = undefined)));
  }

  async function sweepOnce(): Promise<void> {
    if (draining) return;
    try {
      const unfinished = await store.unfinished();
      for (const { id } of unfinished.filter(isForMe)) {
        if (!(await takeUp(id))) break;
      }
      queuedBefore = new Set(unfinished.flatMap(({ id, state }) => (state === "queued" ? [id] : [])));
    } catch (error) {
      report("unfinished generations could not be looked for", error, { generationId: "" });
    }
    if (performance.now() >= tidyAtMs) await letGo();
  }

  /** What is not needed any more; with other nodes about, not at every look. Where it fails, answers are taken up all the same. */
  async function letGo(): Promise<void> {
    if (nodes) tidyAtMs = performance.now() + tidyMs;
    try {
      await store.removeUnusedFiles();
      await store.removeHidden(options.logTtlSeconds * 1000);
      await purgeDeleted(log, options.deleted);
      await expireKeptLogs(log, store, options.logTtlSeconds);
    } catch (error) {
      report("what is not needed any more could not be let go", error, { generationId: "" });
    }
  }

  /** What has just been queued is about to be taken up by the node that was asked. */
  function isForMe({ id, state }: UnfinishedRow): boolean {
    if (active.has(id)) return false;
    return !nodes || (nodes.isMine(id) && (state !== "queued" || queuedBefore.has(id)));
  }

  /** Returns false where the log does not answer: it need not be asked for each of many. */
  async function takeUp(id: string): Promise<boolean> {
    try {
      const generation = await store.readUnfinished(id);
      if (generation) await work(generation, "takeover");
      return true;
    } catch (error) {
      report("a generation could not be taken over", error, { generationId: id });
      return !(error instanceof LogError && error.code === "unavailable");
    }
  }

  return {
    async launch(generation, requestId) {
      let working: Awaited<ReturnType<typeof work>>;
      try {
        working = await work(generation, "start", requestId);
        await working?.started;
      } catch (error) {
        if (error instanceof LogError && error.code === "fenced") return;
        // Nothing was asked: the conversation must not stay busy with it. Unless another node could begin it meanwhile, which then goes on.
        const end: EndMetadata = { state: "failed", code: "store-unavailable" };
        const refused = await store.refuse(generation.id, {
          parts: [],
          end,
          endEpoch: unaskedEndEpoch,
          endSeq: unaskedEndSeq,
        });
        if (!refused) return;
        tellUnasked(generation, { takeover: false, requestId }, end);
        await log.expire(generation.id, 0).catch(() => undefined);
        throw error;
      }
    },

    sweep,

    async stop(generation) {
      const { id } = generation;
      await log.requestStop(id);
      // The owner sees the flag; where there is none, whoever takes the generation up next ends it at once.
      if (!active.has(id)) await work(generation, "stop");
    },

    async settled(id) {
      await active.get(id)?.done;
    },

    async drain(graceMs) {
      draining = true;
      clearTimeout(timer);
      const all = Promise.all([...active.values()].map(({ done }) => done));
      const { promise: grace, resolve } = Promise.withResolvers<void>();
      const graceTimer = setTimeout(resolve, graceMs);
      await Promise.race([all, grace]);
      clearTimeout(graceTimer);
      for (const { handover } of active.values()) handover.abort();
      await all;
    },
  };
}
