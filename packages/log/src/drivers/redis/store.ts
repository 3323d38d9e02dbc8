/** Runs a script at Redis, within a bounded time. Where its answer is lost it is only run again if it can tell that it ran before. */
import { setTimeout as sleep } from "node:timers/promises";
import { LogError } from "../../record-log.ts";
import { type Connection, isRefusal } from "./connection.ts";
import type { Link } from "./link.ts";
import type { Script } from "./lua/script.ts";

export interface Call {
  script: Script;
  keys: readonly string[];
  /** Asked anew for each try. */
  args(connection: Connection): readonly string[];
  /** By `performance.now()`. @defaultValue the store's time-out from now */
  deadlineMs?: number;
  /** The answer to a try was lost, and so whether it was carried out. */
  onLost?: () => void;
  /** The script must not run twice: a lost answer rejects. @defaultValue false */
  once?: boolean;
}

export interface Store {
  /** @throws {LogError} "unavailable". */
  run(call: Call): Promise<unknown>;
}

/** Redis will answer soon, or another one will: it loads its data, or is a replica now and was not before. */
const passing = /^(?:LOADING|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN)/;
const passingRetryMs = 50;

export function createStore(link: Link, timeoutMs: number): Store {
  return {
    async run(call) {
      const deadlineMs = call.deadlineMs ?? performance.now() + timeoutMs;
      let lost: { cause: unknown } | undefined;
      for (;;) {
        const connection = await link.get(deadlineMs).catch((error: unknown) => {
          throw lost ? toLost(lost.cause) : error;
        });
        try {
          return await tryOnce(call, connection);
        } catch (cause) {
          const isLate = performance.now() >= deadlineMs;
          if (!isRefusal(cause)) {
            lost = { cause };
            call.onLost?.();
            if (isLate || call.once) throw toLost(cause);
            continue;
          }
          if (isLate || !passing.test(cause.message)) {
            throw lost ? toLost(cause) : new LogError("unavailable", `Redis refused: ${cause.message}`, { cause });
          }
          // Where it is not the one that may be written to, its name may lead to that one by now.
          if (cause.message.startsWith("READONLY")) connection.close();
          await sleep(passingRetryMs);
        }
      }
    },
  };
}

async function tryOnce({ script, keys, args }: Call, connection: Connection): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args(connection)];
  try {
    return await connection.send(["EVALSHA", script.sha, ...rest]);
  } catch (error) {
    // A Redis that was started since does not know it; it has done nothing then.
    if (!isRefusal(error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return connection.send(["EVAL", script.text, ...rest]);
  }
}

function toLost(cause: unknown): LogError {
  return new LogError("unavailable", "Redis was lost before it answered: whether it did this is not known", { cause });
}
