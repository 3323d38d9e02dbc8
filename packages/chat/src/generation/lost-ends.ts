/**
 * Whoever follows an answer waits for its end; where a store that lost data has lost that, it never comes. What ended in the database
 * is looked up now and then, and its followers are told. Asked by routes/.
 */
import type { LogHead, Position, RecordLog } from "@typebar/log";
import type { GenerationStore } from "../store/generations.ts";
import type { GenerationRow } from "../store/rows.ts";

export interface LostEnds {
  /** Calls `onLost` once if the answer has ended and its log will not say so. Returns the way to end it. */
  watch(generationId: string, onLost: () => void): () => void;
}

export interface LostEndsOptions {
  log: RecordLog;
  store: Pick<GenerationStore, "ended">;
  /** How long a lost end can go unnoticed, in milliseconds. @defaultValue 5000 */
  lookMs?: number;
}

/** Where `close` stands, once it has ended; with epoch 0 where it could not be begun. */
export function endOf({
  end_epoch: epoch,
  end_seq: seq,
}: Pick<GenerationRow, "end_epoch" | "end_seq">): Position | undefined {
  return seq === null ? undefined : { epoch: Number(epoch), seq: Number(seq) };
}

/** Only an ended generation can be without a log, or with one that has lost its end or never had one: what is stored is all there is then. */
export function holdsEnd(head: LogHead | undefined, end: Position): boolean {
  return head !== undefined && end.epoch !== 0 && head.seq === end.seq;
}

export function createLostEnds({ log, store, lookMs = 5000 }: LostEndsOptions): LostEnds {
  const watchers = new Map<string, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  async function look(): Promise<void> {
    for (const row of await store.ended([...watchers.keys()])) {
      const end = endOf(row);
      // Stored after the log had it, and read before the log is: it is there, or it is lost.
      if (!end || holdsEnd(await log.head(row.id), end)) continue;
      for (const onLost of watchers.get(row.id) ?? []) onLost();
    }
  }

  function plan(): void {
    timer = setTimeout(() => {
      // A store that does not answer is asked again at the next look.
      void look()
        .catch(() => undefined)
        .then(() => {
          timer = undefined;
          if (watchers.size > 0) plan();
        });
    }, lookMs).unref();
  }

  return {
    watch(generationId, onLost) {
      const listener = (): void => onLost();
      const listeners = watchers.get(generationId) ?? new Set();
      watchers.set(generationId, listeners.add(listener));
      if (!timer) plan();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && watchers.get(generationId) === listeners) watchers.delete(generationId);
      };
    },
  };
}
