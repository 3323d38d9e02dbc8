/** Removes logs whose time has come, one log a turn so that no other work waits for a large one. */
import type { DatabaseSync } from "node:sqlite";
import type { Heads } from "./heads.ts";

export interface Expiry {
  /** Removes one log now. */
  remove(logId: string, num: number): void;
  end(): void;
}

export interface ExpiryOptions {
  database: DatabaseSync;
  heads: Heads;
  now: () => number;
  intervalMs: number;
}

export function createExpiry({ database, heads, now, intervalMs }: ExpiryOptions): Expiry {
  const next = database.prepare("SELECT num, id FROM logs WHERE expires_at_ms <= ? LIMIT 1");
  const deleteRecords = database.prepare("DELETE FROM records WHERE log = ?");
  const deleteLog = database.prepare("DELETE FROM logs WHERE num = ?");
  let immediate: NodeJS.Immediate | undefined;
  const timer = setInterval(sweep, intervalMs);
  timer.unref();

  function remove(logId: string, num: number): void {
    database.exec("BEGIN IMMEDIATE");
    try {
      deleteRecords.run(num);
      deleteLog.run(num);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
    heads.forget(logId);
  }

  function sweep(): void {
    immediate = undefined;
    try {
      const row = next.get(now());
      if (!row) return;
      remove(String(row["id"]), Number(row["num"]));
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
