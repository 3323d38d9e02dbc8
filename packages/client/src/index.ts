/** Reconnecting, resumable event streams over `fetch`: browsers, workers, Node and others. */
export { openEventStream } from "./event-stream.ts";
export type { EventStream, EventStreamHandle } from "./event-stream.ts";
export { readEventStream } from "./read-event-stream.ts";
export type { ReadEventStreamOptions } from "./read-event-stream.ts";
export type { EventStreamOptions } from "./options.ts";
export type { RepeatableBody, RequestOptions } from "./request.ts";
export { EventStreamError } from "./errors.ts";
export type { EventStreamErrorCode, EventStreamErrorDetails, FinalErrorCode, PassingErrorCode } from "./errors.ts";
export { createBackoff } from "./backoff.ts";
export type { Backoff, BackoffOptions, LossHints } from "./backoff.ts";
export { initialState, nextState } from "./connection-state.ts";
export type { ConnectionEvent, ConnectionState } from "./connection-state.ts";
export type { Clock } from "./watchdog.ts";
export type { IncomingEvent } from "@typebar/sse";
export { EventSourceErrorEvent, EventSource } from "./event-source.ts";
export type { EventSourceOptions } from "./event-source.ts";
export { EventStreamContentType, fetchEventSource } from "./fetch-event-source.ts";
export type { EventSourceMessage, FetchEventSourceInit } from "./fetch-event-source.ts";
