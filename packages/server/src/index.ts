/** Event streams on sockets: feeds of logs, and the connections that follow them. */
export type { CloseReason, Connection, Refusal } from "./connection.ts";
export { createEventStreams, type EventStreams, type EventStreamsOptions, type OpenOptions } from "./event-streams.ts";
export type { StreamObserver } from "./observer.ts";
export type { OutgoingEvent } from "@typebar/sse";
export type { RecordEvent, RecordFormat } from "./pull.ts";
export { type ConnectionTimings, defaultTimings } from "./timings.ts";
