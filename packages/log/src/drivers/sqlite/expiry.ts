/** Removes logs whose time has come, one log a turn so that no other work waits for a large one. */
import type { DatabaseSync } from "node:sqlite";
import type { Head, Heads } from "./heads.ts";
import type { Segments } from "./segments.ts";

export interface Expiry {
  /** Removes one log now. */
  remove(head: Head): void;
  end(): void;
}

export interface ExpiryOptions {
  database: DatabaseSync;
  heads: Heads;
  segments: Segments;
  now: () => number;
  intervalMs: number;
}

export function createExpiry({ database, heads, segments, now, intervalMs }: ExpiryOptions): Expiry {
  const next = database.prepare("SELECT id FROM logs WHERE expires_at_ms <= ? LIMIT 1");
  const deleteSegments = database.prepare("DELETE FROM segments WHERE log = ?");
  const deleteJournal = database.prepare("DELETE FROM journal WHERE num >= ? AND log = ?");
  const deleteLog = database.prepare("DELETE FROM logs WHERE num = ?");
  let immediate: NodeJS.Immediate | undefined;
  const timer = setInterval(sweep, intervalMs);
  timer.unref();

  function remove({ logId, num, journal, journalNum }: Head): void {
    database.exec("BEGIN IMMEDIATE");
    try {
      if (journal.length > 0) deleteJournal.run(journalNum, num);
      deleteSegments.run(num);
      deleteLog.run(num);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
    segments.forget(num);
    heads.forget(logId);
  }

  function sweep(): void {
    immediate = undefined;
    try {
      const row = next.get(now());
      if (!row) return;
      // Found as it was before it expired, with what the journal holds of it.
      const head = heads.find(String(row["id"]), Number.NEGATIVE_INFINITY);
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
    end() {
      clearInterval(timer);
      if (immediate) clearImmediate(immediate);
    },
  };
}
