/** Who wrote what: the appends of each process, as they were seen on their way to Redis. Filled through the cables of world.ts. */
import { createRespReader, type RespValue } from "./resp.ts";

/** All that was seen of one epoch of one log. */
export interface EpochWriters {
  epoch: number;
  /** Processes; more than one must never be. */
  writers: readonly string[];
}

export interface Writers {
  /** For one connection of a process: takes what it sends. */
  listen(writer: string): (bytes: Buffer) => void;
  /** By epoch. */
  of(logId: string): EpochWriters[];
}

const keyPattern = /\{:(.*)\}$/;
const uuidPattern = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

export function createWriters(): Writers {
  const seen = new Map<string, Map<number, Set<string>>>();
  return {
    listen(writer) {
      const read = createRespReader();
      return (bytes) => {
        for (const command of read(bytes)) {
          const append = toAppend(command);
          if (!append) continue;
          const epochs = seen.get(append.logId) ?? new Map<number, Set<string>>();
          seen.set(append.logId, epochs);
          epochs.set(append.epoch, (epochs.get(append.epoch) ?? new Set()).add(writer));
        }
      };
    },
    of(logId) {
      const epochs = [...(seen.get(logId) ?? [])].map(([epoch, writers]) => ({ epoch, writers: [...writers] }));
      return epochs.toSorted((left, right) => left.epoch - right.epoch);
    },
  };
}

/** Known by its arguments: expected epoch and seq, history, again, the batch's ID, its time, payloads. */
function toAppend(command: RespValue): { logId: string; epoch: number } | undefined {
  if (!Array.isArray(command)) return undefined;
  const [verb, , , head, , , epoch, , , , batchId, , payload] = command;
  if (verb !== "EVALSHA" && verb !== "EVAL") return undefined;
  if (typeof batchId !== "string" || !uuidPattern.test(batchId) || typeof payload !== "string") return undefined;
  const logId = typeof head === "string" ? keyPattern.exec(head)?.[1] : undefined;
  // A channel is written by anybody, without an epoch.
  if (logId === undefined || typeof epoch !== "string" || epoch === "") return undefined;
  return { logId, epoch: Number(epoch) };
}
