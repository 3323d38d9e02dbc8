/** Append-only record logs: the interface and what is common to its drivers. Drivers are subpath exports. */
export { follow, type FollowOptions } from "./follow.ts";
export {
  type AppendResult,
  type Lease,
  LogError,
  type LogErrorCode,
  type LogHead,
  type LogRecord,
  type Position,
  type ReadLimit,
  type ReadResult,
  type RecordLog,
  type Retention,
  start,
  type WakeUp,
} from "./record-log.ts";
export type { Cells, Roster, RosterOptions, RosterView, SharedStore } from "./shared-store.ts";
