/** Event-stream wire codec: events to bytes, bytes to events. Browser-safe; used by `server` and by `client`. */
export { encodeComment, encodeEvent, encodeEventText, encodeRetry } from "./encode.ts";
export type { OutgoingEvent } from "./encode.ts";
export { createEventParser } from "./parse.ts";
export type { EventParser, EventParserOptions, IncomingEvent } from "./parse.ts";
export { maxTimerMs } from "./limits.ts";
export { EncodeError, ParseError } from "./errors.ts";
export type { EncodeErrorCode, ParseErrorCode } from "./errors.ts";
