/**
 * The timers of any number of connections from one of the system's: for heartbeats, rotation and readers that stopped. Owned by
 * connection-set.
 */

export interface TimerWheel {
  /** How often it has turned. It counts its turns, not time: a process that was halted meanwhile gave its clients no time either. */
  readonly turns: number;
  /** So many turns are a time of so many milliseconds, at least one. */
  toTurns(ms: number): number;
  /** Calls back once, at the given turn from now, unless it is cancelled. */
  after(turns: number, callback: () => void): WheelTimer;
}

export interface WheelTimer {
  cancel(): void;
}

/** A class, because there is one or more for each of many idle connections: its function is shared. */
class Entry implements WheelTimer {
  readonly dueTurn: number;
  readonly callback: () => void;
  readonly #remove: (entry: Entry) => void;

  constructor(dueTurn: number, callback: () => void, remove: (entry: Entry) => void) {
    this.dueTurn = dueTurn;
    this.callback = callback;
    this.#remove = remove;
  }

  cancel(): void {
    this.#remove(this);
  }
}

/** At 100 ms a turn one revolution takes 51 s; what is due later is passed over until then. */
const slotCount = 512;

/** @param turnMs - Length of a turn in milliseconds: how exact its timers are. It turns only while a timer is set. */
export function createTimerWheel(turnMs = 100): TimerWheel {
  const slots = new Map<number, Set<Entry>>();
  let turns = 0;
  let timerCount = 0;
  let interval: NodeJS.Timeout | undefined;

  function remove(entry: Entry): void {
    const slot = slots.get(entry.dueTurn % slotCount);
    if (!slot?.delete(entry)) return;
    if (slot.size === 0) slots.delete(entry.dueTurn % slotCount);
    timerCount -= 1;
    if (timerCount > 0) return;
    clearInterval(interval);
    interval = undefined;
  }

  function turn(): void {
    turns += 1;
    for (const entry of slots.get(turns % slotCount) ?? []) {
      if (entry.dueTurn > turns) continue;
      remove(entry);
      entry.callback();
    }
  }

  return {
    get turns() {
      return turns;
    },
    toTurns: (ms) => Math.max(1, Math.round(ms / turnMs)),
    after(delayTurns, callback) {
      const entry = new Entry(turns + delayTurns, callback, remove);
      const slot = slots.get(entry.dueTurn % slotCount);
      if (slot) slot.add(entry);
      else slots.set(entry.dueTurn % slotCount, new Set([entry]));
      timerCount += 1;
      // What it waits for never keeps a process alive: connections do that themselves.
      interval ??= setInterval(turn, turnMs).unref();
      return entry;
    },
  };
}
