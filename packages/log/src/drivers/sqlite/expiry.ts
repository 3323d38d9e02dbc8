/** Removes logs whose time has come, one log a turn so that no other work waits for a large one; at once where their name is used again. */
import type { DatabaseSync } from "node:sqlite";
import { transact } from "./database.ts";
import type { Head, Heads } from "./heads.ts";

export interface Expiry {
  /** Removes one log now. */
  remove(head: Head): void;
  /**
   * Inside an open transaction: makes a log, in the place of one of its name that has expired. It has `epoch`, or a greater one so
   * that no position or lease of the old log is one of the new.
   */
  create(logId: string, epoch: number): Creation;
  end(): void;
}

export interface Creation {
  head: Head;
  /** To be called when the transaction was rolled back. */
  undo(): void;
}

export interface ExpiryOptions {
  database: DatabaseSync;
  heads: Heads;
  now: () => number;
  intervalMs: number;
  /** Called after each removal but those by `create`. */
  onRemoved(logId: string): void;
}

export function createExpiry({ database, heads, now, intervalMs, onRemoved }: ExpiryOptions): Expiry {
  const next = database.prepare("SELECT id FROM logs WHERE expires_at_ms <= ? LIMIT 1");
  const deleteSegments = database.prepare("DELETE FROM segments WHERE log = ?");
  const deleteJournal = database.prepare("DELETE FROM journal WHERE num >= ? AND log = ?");
  const deleteLog = database.prepare("DELETE FROM logs WHERE num = ?");
  let immediate: NodeJS.Immediate | undefined;
  const timer = setInterval(sweep, intervalMs);
  timer.unref();

  function deleteRows({ num, journal, journalNum }: Head): void {
    if (journal.length > 0) deleteJournal.run(journalNum, num);
    deleteSegments.run(num);
    deleteLog.run(num);
  }

  function remove(head: Head): void {
    transact(database, () => deleteRows(head));
    head.isGone = true;
    head.journal = [];
    heads.forget(head.logId);
    onRemoved(head.logId);
  }

  function create(logId: string, epoch: number): Creation {
    const old = findAny(logId);
    if (old) deleteRows(old);
    const head = heads.create(logId, old ? Math.max(epoch, old.epoch + 1) : epoch);
    if (old) old.isGone = true;
    const undo = (): void => {
      if (!old) return heads.forget(logId);
      old.isGone = false;
      heads.restore(old);
    };
    return { head, undo };
  }

  /** As it was before it expired, with what the journal holds of it. */
  function findAny(logId: string): Head | undefined {
    return heads.find(logId, Number.NEGATIVE_INFINITY);
  }

  function sweep(): void {
    immediate = undefined;
    try {
      const row = next.get(now());
      if (!row) return;
      const head = findAny(String(row["id"]));
      if (!head) return;
      remove(head);
      immediate = setImmediate(sweep);
    } catch {
      // A store that refuses now is swept again at the next interval; until then the logs are only not gone yet.
    }
  }

  sweep();
  return {
    remove,
    create,
    end() {
      clearInterval(timer);
      if (immediate) clearImmediate(immediate);
    },
  };
}
