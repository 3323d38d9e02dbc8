/**
 * What processes that use one store at the same time keep there together, besides logs: who says what, and small values with an expiry.
 * Offered by the drivers of such stores as `shared` (record-log.ts); the hub's presence and whoever counts for all processes use it.
 */

export interface SharedStore {
  /** Of one part of a process: each has a name of its own. */
  openRoster(options: RosterOptions): Roster;
  readonly cells: Cells;
}

export interface RosterOptions {
  /**
   * What others said is gone, or the store had lost what was said here, and has it again: what stands under these logs has changed, or,
   * where none are named, may have changed under any.
   */
  onLost: (logIds: readonly string[] | undefined) => void;
}

/** What stands under a log. */
export interface RosterView {
  /** What was told last, empty if nothing was. */
  told: string;
  /** How long ago, by the store's clock, in milliseconds. */
  sinceToldMs: number;
  /** What each one says, this one included. */
  notes: string[];
}

/**
 * Notes that processes leave under a log for as long as they live, and what is told of them in the log. Who has not beaten for some
 * looks of another is taken off it with all notes; who was only frozen says them again.
 */
export interface Roster {
  /** Says `note()` under a log, in place of what was said before; asked for whenever it is written down. `undefined`: nothing any more. */
  say(logId: string, note: (() => string) | undefined): void;
  /**
   * After all that was said here is in the store.
   *
   * @throws {LogError} "unavailable".
   */
  look(logId: string): Promise<RosterView>;
  /**
   * Appends one record and notes `next` as told, in one step: of many that see the same change one tells it.
   *
   * @returns false, and nothing was appended, if what was told last is not `told` any more.
   * @throws {LogError} "unavailable".
   */
  tell(logId: string, payload: string, change: { told: string; next: string }): Promise<boolean>;
  /** Takes back at once all that was said; what still has to be told can be. Never rejects: the others would notice. */
  leave(): Promise<void>;
}

/** Small values by name, each of which may be replaced by whoever knows it, and expires. */
export interface Cells {
  /**
   * @returns the value, empty if there is none, and the time by the store's clock, in milliseconds.
   * @throws {LogError} "unavailable".
   */
  read(name: string): Promise<{ value: string; nowMs: number }>;
  /**
   * @param expected - The value as it was read; empty: none. An empty `next` removes it.
   * @returns false if it is another by now.
   * @throws {LogError} "unavailable": perhaps it was replaced.
   */
  replace(name: string, expected: string, next: string, ttlMs: number): Promise<boolean>;
}
