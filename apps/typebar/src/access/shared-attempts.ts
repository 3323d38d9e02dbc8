/**
 * Counts wrong passwords in the store that several servers share, so that at many of them nobody may guess more often than at one. While
 * the store is away each server counts for itself, from what it last knew. Used by password-gate.ts. All times there are by the store's clock.
 */
import { toAddressKey } from "@typebar/server";
import type { Cells } from "@typebar/log";
import { failOfAddress, failOfAll, type Failures, forgetMs, forgiveAllMs, waitOf } from "./attempt-rules.ts";
import type { Attempts, OwnAttempts, Verdict } from "./own-attempts.ts";

export interface SharedAttemptsOptions {
  cells: Cells;
  own: OwnAttempts;
  /** The clock of `own`. */
  now: () => number;
  /** Told when the store does not answer, once for each time that it goes away. */
  report: (error: unknown) => void;
  /** As long as a request may be kept waiting for the store. @defaultValue 500 */
  timeoutMs?: number;
}

interface Shared {
  failures: Failures | undefined;
  /** By the store's clock: when the address last showed the password. */
  knownMs: number | undefined;
}

/** How long an address that has shown the password does not wait for what others did. */
const knownForMs = 24 * 60 * 60_000;
/** How often that is written down anew, at most. */
const renewMs = 60 * 60_000;
/** After the store did not answer, it is not asked for so long. */
const pauseMs = 2000;
/** Others may count at the same time; who is never first of so many waits as after a first failure. */
const mostTries = 8;
const crowdedMs = 1000;
const allName = "attempts";

export function createSharedAttempts(options: SharedAttemptsOptions): Attempts {
  const { cells, own, now, report, timeoutMs = 500 } = options;
  let isAway = false;
  let asksAgainMs = Number.NEGATIVE_INFINITY;

  async function takeShared(address: string, verdict: "right" | "wrong"): Promise<number> {
    const name = `${allName}:${toAddressKey(address)}`;
    let isCounted = false;
    for (let tries = 0; tries < mostTries; tries++) {
      const [found, foundAll] = await Promise.all([cells.read(name), cells.read(allName)]);
      const { nowMs } = found;
      const before = parseShared(found.value, nowMs);
      const allBefore = parseShared(foundAll.value, nowMs).failures;
      const waitMs = Math.max(
        waitOf(before.failures, nowMs),
        before.knownMs === undefined && !isCounted ? waitOf(allBefore, nowMs) : 0,
      );
      if (waitMs > 0) {
        note(address, nowMs, before, allBefore);
        return waitMs;
      }
      const after = toNext(before, verdict, nowMs);
      // First that of all: nobody slips through between the two.
      const all = verdict === "wrong" && !isCounted ? failOfAll(allBefore, nowMs) : allBefore;
      if (all && all !== allBefore) {
        const text = formatShared({ failures: all, knownMs: undefined });
        if (!(await cells.replace(allName, foundAll.value, text, forgiveAllMs))) continue;
        isCounted = true;
      }
      if (after !== before) {
        const ttlMs = after.knownMs === undefined ? forgetMs : knownForMs;
        if (!(await cells.replace(name, found.value, formatShared(after), ttlMs))) continue;
      }
      note(address, nowMs, after, all);
      return 0;
    }
    return crowdedMs;
  }

  function note(address: string, storeNowMs: number, { failures, knownMs }: Shared, all: Failures | undefined): void {
    const offsetMs = now() - storeNowMs;
    own.note(address, {
      ofAddress: move(failures, offsetMs),
      ofAll: move(all, offsetMs),
      isKnown: knownMs !== undefined,
    });
  }

  return {
    async take(address, verdict) {
      if (verdict === "other-key") return own.waitMs(address);
      // Nothing ends a wait before its time: whoever has to wait need not be asked about again.
      const waitMs = own.waitOfAddressMs(address);
      if (waitMs > 0) return waitMs;
      if (now() < asksAgainMs) return own.take(address, verdict);
      try {
        const taken = await inTime(takeShared(address, verdict), timeoutMs);
        isAway = false;
        return taken;
      } catch (error) {
        if (!isAway) report(error);
        isAway = true;
        asksAgainMs = now() + pauseMs;
        return own.take(address, verdict);
      }
    },
  };
}

/** The same object if there is nothing to write down. */
function toNext(before: Shared, verdict: Verdict, nowMs: number): Shared {
  if (verdict === "wrong") return { ...before, failures: failOfAddress(before.failures, nowMs) };
  const isFresh = before.knownMs !== undefined && nowMs - before.knownMs < renewMs;
  return isFresh && !before.failures ? before : { failures: undefined, knownMs: nowMs };
}

function move(failures: Failures | undefined, ms: number): Failures | undefined {
  return failures && { ...failures, atMs: failures.atMs + ms, waitUntilMs: failures.waitUntilMs + ms };
}

function formatShared({ failures, knownMs }: Shared): string {
  return JSON.stringify([knownMs ?? null, ...(failures ? [failures.count, failures.atMs, failures.waitUntilMs] : [])]);
}

function parseShared(text: string, nowMs: number): Shared {
  if (text === "") return { failures: undefined, knownMs: undefined };
  const [knownMs, count, atMs, waitUntilMs] = JSON.parse(text) as [number | null, number?, number?, number?];
  const failures = count === undefined ? undefined : { count, atMs: atMs ?? 0, waitUntilMs: waitUntilMs ?? 0 };
  return { failures, knownMs: knownMs !== null && nowMs - knownMs < knownForMs ? knownMs : undefined };
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`The store did not answer in ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
