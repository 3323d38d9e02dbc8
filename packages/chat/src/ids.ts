/** IDs of conversations, messages and generations, and the event IDs made of them. Used by store/, generation/ and routes/. */
import { randomBytes } from "node:crypto";
import type { Position } from "@typebar/log";

/** 20 characters of `[A-Za-z0-9_-]`, 120 random bits: not to be guessed. */
export function createId(): string {
  return randomBytes(15).toString("base64url");
}

/** An ID made by us or by a client: 1 to 64 characters of `[A-Za-z0-9_-]`. */
export const idPattern: RegExp = /^[A-Za-z0-9_-]{1,64}$/;

/** {@link idPattern} as a Hono route takes it: a path with anything else there is not found. */
export const idInPath = "[A-Za-z0-9_-]{1,64}";

/** Which record of which generation an event ID names. */
export interface EventId {
  generationId: string;
  position: Position;
}

/** @see PROTOCOL.md#event-ids */
export function formatEventId(generationId: string, { epoch, seq }: Position): string {
  return `${generationId}:${epoch}.${seq}`;
}

const eventIdPattern = /^([A-Za-z0-9_-]{1,64}):(0|[1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,14})$/;

/** `undefined` for whatever is not one of our event IDs. */
export function parseEventId(text: string): EventId | undefined {
  const match = eventIdPattern.exec(text);
  if (!match?.[1]) return undefined;
  return { generationId: match[1], position: { epoch: Number(match[2]), seq: Number(match[3]) } };
}
