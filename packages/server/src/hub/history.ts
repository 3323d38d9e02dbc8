/** Keeps what a channel remembers within its bounds. Told of each append by publisher, of each reader by places. */
import type { LogHead, RecordLog, Retention } from "@typebar/log";
import type { TimerWheel, WheelTimer } from "../timer-wheel.ts";

export interface HistoryOptions {
  log: RecordLog;
  retention: Retention;
  wheel: TimerWheel;
}

export interface History {
  /** So much was appended; count and bytes may pass their bounds by an eighth before they are trimmed. */
  appended(logId: string, records: { count: number; bytes: number }): void;
  /**
   * Somebody is about to read the log. Settles when it is within its bounds, with its state.
   *
   * @throws {LogError} "unavailable".
   */
  use(logId: string): Promise<LogHead | undefined>;
  close(): void;
}

/** A log that is kept within its bounds, and what was appended to it since it was trimmed. */
interface Usage {
  /** It is within its bounds, whatever it held before it was used here. */
  ready: Promise<void>;
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
  let isClosed = false;

  async function trim(logId: string): Promise<void> {
    // A store that does not answer now is asked again at the next time: until then more is kept, never less.
    await log.trim(logId, retention).catch(() => undefined);
  }

  function startUsing(logId: string): Usage {
    const usage = { ready: trim(logId), count: 0, bytes: 0, idleSweeps: 0 };
    inUse.set(logId, usage);
    scheduleSweep();
    return usage;
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
    if (sweepMs === undefined || inUse.size === 0 || isClosed) return;
    sweepTimer ??= wheel.after(wheel.toTurns(sweepMs), sweep);
  }

  return {
    appended(logId, records) {
      const usage = inUse.get(logId) ?? startUsing(logId);
      usage.count += records.count;
      usage.bytes += records.bytes;
      usage.idleSweeps = 0;
      if (usage.count >= slack.count || usage.bytes >= slack.bytes) {
        usage.count = 0;
        usage.bytes = 0;
        void trim(logId);
      }
    },
    async use(logId) {
      const head = await log.head(logId);
      // Anybody can ask for any name: what does not exist is not remembered.
      if (!head) return undefined;
      const usage = inUse.get(logId);
      await (usage ?? startUsing(logId)).ready;
      return usage ? head : log.head(logId);
    },
    close() {
      isClosed = true;
      sweepTimer?.cancel();
      inUse.clear();
    },
  };
}
