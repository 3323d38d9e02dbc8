/** A real log whose reads can be counted, delayed and made to fail, and whose watchers can be counted and made deaf. */
import { LogError, type ReadResult, type RecordLog } from "@typebar/log";

export interface ObservedLog extends RecordLog {
  readCount: number;
  /** Characters of all payloads that were read. */
  readChars: number;
  watcherCount: number;
  /** Wake-ups are lost. */
  deaf: boolean;
  failing: boolean;
  /** The store does not answer at all. */
  down: boolean;
  /** Awaited before the read and again before its result is given. */
  pause: () => Promise<void> | undefined;
}

export function observeLog(log: RecordLog): ObservedLog {
  const observed: ObservedLog = {
    ...log,
    [Symbol.asyncDispose]: () => log[Symbol.asyncDispose](),
    readCount: 0,
    readChars: 0,
    watcherCount: 0,
    deaf: false,
    failing: false,
    down: false,
    pause: () => undefined,
    async read(logId, after, limit): Promise<ReadResult> {
      observed.readCount += 1;
      if (observed.failing || observed.down) throw unavailable();
      await observed.pause();
      const page = await log.read(logId, after, limit);
      if (page.type === "records") for (const { payload } of page.records) observed.readChars += payload.length;
      await observed.pause();
      return page;
    },
    async append(logId, expected, payloads) {
      if (observed.down) throw unavailable();
      return log.append(logId, expected, payloads);
    },
    async head(logId) {
      if (observed.down) throw unavailable();
      return log.head(logId);
    },
    async trim(logId, retention) {
      if (observed.down) throw unavailable();
      return log.trim(logId, retention);
    },
    watch(logId, listener) {
      observed.watcherCount += 1;
      let watching = true;
      const unwatch = log.watch(logId, (wakeUp) => {
        if (!observed.deaf) listener(wakeUp);
      });
      return () => {
        if (watching) observed.watcherCount -= 1;
        watching = false;
        unwatch();
      };
    },
  };
  return observed;
}

function unavailable(): LogError {
  return new LogError("unavailable", "the store does not answer");
}
