/** Keeps what a channel remembers within its bounds. Told by hub of each append and of each first use. */
import type { RecordLog, Retention } from "@typebar/log";
import type { TimerWheel, WheelTimer } from "../timer-wheel.ts";

export interface HistoryOptions {
  log: RecordLog;
  retention: Retention;
  wheel: TimerWheel;
}

export interface History {
  /** So much was appended; count and bytes may pass their bounds by an eighth before they are trimmed. */
  appended(logId: string, records: { count: number; bytes: number }): void;
  /** Somebody is about to read the log. Settles when it is within its bounds. */
  use(logId: string): Promise<void>;
  close(): void;
}

/** What was appended to a log since it was trimmed. */
interface Usage {
  count: number;
  bytes: number;
  idleSweeps: number;
}

/** A record is forgotten so many milliseconds after it came of age, at most. */
const maxSweepMs = 10_000;
const sweepsPerAge = 8;

export function createHistory({ log, retention, wheel }: HistoryOptions): History {
  const inUse = new Map<string, Usage>();
  const { count = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY, ageMs } = retention;
  const slack = { count: Math.max(1, Math.floor(Math.min(count, 1024) / 8)), bytes: Math.max(1, bytes / 8) };
  const sweepMs = ageMs === undefined ? undefined : Math.min(maxSweepMs, ageMs / sweepsPerAge);
  let sweepTimer: WheelTimer | undefined;

  async function trim(logId: string): Promise<void> {
    // A store that does not answer now is asked again at the next time: until then more is kept, never less.
    await log.trim(logId, retention).catch(() => undefined);
  }

  function sweep(): void {
    sweepTimer = undefined;
    for (const [logId, usage] of inUse) {
      void trim(logId);
      usage.idleSweeps += 1;
      // All that was in it has come of age.
      if (usage.idleSweeps * (sweepMs ?? 0) > (ageMs ?? 0)) inUse.delete(logId);
    }
    scheduleSweep();
  }

  function scheduleSweep(): void {
    if (sweepMs === undefined || inUse.size === 0) return;
    sweepTimer ??= wheel.after(wheel.toTurns(sweepMs), sweep);
  }

  return {
    appended(logId, records) {
      const usage = inUse.get(logId) ?? { count: 0, bytes: 0, idleSweeps: 0 };
      inUse.set(logId, usage);
      usage.count += records.count;
      usage.bytes += records.bytes;
      usage.idleSweeps = 0;
      if (usage.count >= slack.count || usage.bytes >= slack.bytes) {
        usage.count = 0;
        usage.bytes = 0;
        void trim(logId);
      }
      scheduleSweep();
    },
    async use(logId) {
      // Those in use are trimmed anyway.
      if (!inUse.has(logId)) await trim(logId);
    },
    close() {
      sweepTimer?.cancel();
      inUse.clear();
    },
  };
}
