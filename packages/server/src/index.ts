/** Event streams on sockets: feeds of logs, and the connections that follow them. */
export {
  type CloseReason,
  type Connection,
  type ConnectionTimings,
  defaultTimings,
  type Refusal,
} from "./connection.ts";
export { createEventStreams, type EventStreams, type EventStreamsOptions, type OpenOptions } from "./event-streams.ts";
export type { EncodedRecord, RecordFormat } from "./feed.ts";
