/** Event streams on sockets: feeds of logs, the connections that follow them, and the hub of channels. */
export { toAddressKey } from "./address-key.ts";
export type { CloseReason } from "./close-reason.ts";
export type { Connection, Refusal } from "./connection.ts";
export {
  createDirectConnections,
  type DirectConnection,
  type DirectConnections,
  type DirectConnectionsOptions,
  type DirectOptions,
} from "./direct-connections.ts";
export { createEventStreams, type EventStreams, type EventStreamsOptions, type OpenOptions } from "./event-streams.ts";
export type { ChannelEvent, ChannelEvents } from "./hub/channel-event.ts";
export type { ResetReason } from "./hub/channel-feed.ts";
export { HubError, type HubErrorCode } from "./hub/errors.ts";
export { type ChannelMap, createHub, type Hub, type PublishOptions } from "./hub/hub.ts";
export type { AuthorizationQuestion, FollowOptions, HubLimits, HubOptions, OpenHubOptions } from "./hub/hub-options.ts";
export type { PresenceMode } from "./hub/presence.ts";
export type { PresenceEvent, PresenceState } from "./hub/presence-state.ts";
export { createOccupancy, type Occupancy } from "./occupancy.ts";
export type { StreamObserver } from "./observer.ts";
export type { OutgoingEvent } from "@typebar/sse";
export type { RecordEvent, RecordFormat } from "./pull.ts";
export type { StreamHeaders } from "./stream-headers.ts";
export type { SendResult } from "./send-queue.ts";
export { type ConnectionTimings, defaultTimings } from "./timings.ts";
