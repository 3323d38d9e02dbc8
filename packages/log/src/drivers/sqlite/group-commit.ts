/** Appends of one event-loop turn share a transaction: the first token waits for nobody, and a burst costs one commit. */
import type { DatabaseSync } from "node:sqlite";
import { type AppendResult, LogError, type Position } from "../../record-log.ts";
import type { Head, Heads } from "./heads.ts";

interface PendingAppend {
  logId: string;
  expected: Position | "any";
  payloads: readonly string[];
  resolve(result: AppendResult): void;
  reject(error: unknown): void;
}

export interface GroupCommit {
  append(logId: string, expected: Position | "any", payloads: readonly string[]): Promise<AppendResult>;
  /** Commits what is waiting, now. */
  flush(): void;
}

export interface GroupCommitOptions {
  database: DatabaseSync;
  heads: Heads;
  now: () => number;
  /** Called after the commit, for each log that grew. */
  onAppended(logId: string): void;
}

export function createGroupCommit({ database, heads, now, onAppended }: GroupCommitOptions): GroupCommit {
  const insert = database.prepare("INSERT INTO records (log, seq, epoch, at_ms, payload) VALUES (?, ?, ?, ?, ?)");
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  let pending: PendingAppend[] = [];

  /** Writes one append inside the open transaction; `lastSeqs` holds what this transaction has added so far. */
  function write(append: PendingAppend, atMs: number, lastSeqs: Map<Head, number>, created: string[]): Head {
    const { logId, expected, payloads } = append;
    let head = heads.find(logId, atMs);
    if (!head && expected === "any") {
      // The clock as the first epoch: a log made again under the same name is never taken for the old one.
      head = heads.create(logId, atMs);
      created.push(logId);
    }
    let seq = head && (lastSeqs.get(head) ?? head.lastSeq);
    if (!head || seq === undefined || (expected !== "any" && (head.epoch !== expected.epoch || seq !== expected.seq))) {
      throw new LogError("fenced", `log ${logId} is written by another`);
    }
    for (const payload of payloads) insert.run(head.num, ++seq, head.epoch, atMs, payload);
    lastSeqs.set(head, seq);
    return head;
  }

  function flush(): void {
    const batch = pending;
    pending = [];
    if (batch.length === 0) return;
    const atMs = now();
    const lastSeqs = new Map<Head, number>();
    const created: string[] = [];
    const written: Array<{ append: PendingAppend; head: Head; seq: number }> = [];
    const fenced: Array<{ append: PendingAppend; error: LogError }> = [];
    try {
      begin.run();
      for (const append of batch) {
        try {
          const head = write(append, atMs, lastSeqs, created);
          written.push({ append, head, seq: lastSeqs.get(head) ?? head.lastSeq });
        } catch (error) {
          // Fenced is found before anything is written, so the others of this transaction are not touched.
          if (!(error instanceof LogError)) throw error;
          fenced.push({ append, error });
        }
      }
      commit.run();
    } catch (cause) {
      if (database.isOpen && database.isTransaction) database.exec("ROLLBACK");
      for (const logId of created) heads.forget(logId);
      for (const { reject } of batch) reject(new LogError("unavailable", "the log store refused to write", { cause }));
      return;
    }
    for (const { append, error } of fenced) append.reject(error);
    for (const { append, head, seq } of written) {
      head.lastSeq = seq;
      if (head.leaseTtlMs > 0) head.leaseDeadlineMs = atMs + head.leaseTtlMs;
      append.resolve({ position: { epoch: head.epoch, seq }, stop: head.stop });
    }
    for (const { append } of written) if (append.payloads.length > 0) onAppended(append.logId);
  }

  return {
    append(logId, expected, payloads) {
      return new Promise((resolve, reject) => {
        if (pending.length === 0) setImmediate(flush);
        pending.push({ logId, expected, payloads, resolve, reject });
      });
    },
    flush,
  };
}
