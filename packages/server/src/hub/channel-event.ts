/** Event of a channel <-> payload of a record. Written by hub, read by channel-feed. */
import { EncodeError, encodeEventText } from "@typebar/sse";
import { HubError } from "./errors.ts";

/** Names of events and what each carries as JSON. */
export type ChannelEvents = Record<string, unknown>;

/** One event to be published. `event` may be left out where it is `"message"`. */
export type ChannelEvent<E extends ChannelEvents = ChannelEvents> = {
  [Name in keyof E & string]: "message" extends Name ? { event?: Name; data: E[Name] } : { event: Name; data: E[Name] };
}[keyof E & string];

/** What the hub itself says in a stream, and what every `EventSource` says of itself. */
const reservedNames: ReadonlySet<string> = new Set(["ready", "reset", "presence", "open", "error"]);

/** A payload: the event's name, a line break, its data as JSON, which holds none. */
export function toPayload(event: { event?: string; data: unknown }, eventBytes: number): string {
  const name = event.event ?? "message";
  if (reservedNames.has(name)) throw new HubError("bad-event", `The name ${name} is the hub's own`);
  return encodePayload(name, event.data, eventBytes);
}

/** The same for an event of the hub itself. */
export function toOwnPayload(event: "presence", data: unknown): string {
  return encodePayload(event, data, Number.POSITIVE_INFINITY);
}

/** Lines of the block without its ID, or `undefined` for a payload that is not of this kind. */
export function toEventLines(payload: string): string | undefined {
  const nameEnd = payload.indexOf("\n");
  if (nameEnd < 1) return undefined;
  return formatLines(payload.slice(0, nameEnd), payload.slice(nameEnd + 1));
}

/** @throws {EncodeError} if the name cannot be one. */
export function formatLines(event: string, data: string): string {
  return encodeEventText({ event, data }).slice(0, -1);
}

function encodePayload(name: string, data: unknown, eventBytes: number): string {
  const json = encodeJson(data);
  if (json === undefined) throw new HubError("bad-event", "The data has no JSON form");
  const payload = `${name}\n${json}`;
  if (Buffer.byteLength(payload) > eventBytes) {
    throw new HubError("event-too-large", `An event may have ${eventBytes} bytes`);
  }
  try {
    formatLines(name, json);
  } catch (error) {
    if (error instanceof EncodeError) throw new HubError("bad-event", error.message, { cause: error });
    throw error;
  }
  return payload;
}

function encodeJson(data: unknown): string | undefined {
  try {
    // Of `undefined`, functions and symbols it gives `undefined`, which its type does not say.
    const json: string | undefined = JSON.stringify(data);
    return json;
  } catch (error) {
    throw new HubError("bad-event", "The data has no JSON form", { cause: error });
  }
}
