/**
 * Where a reader stands in one channel or in several, as an event ID: `rates@1730000000000:57,sales@1730000000001:9`. Read by places,
 * written by channel-feed.
 *
 * @see PROTOCOL.md
 */
import type { Position } from "@typebar/log";
import { isChannelName } from "./channel-name.ts";

const partPattern = /^([^@]+)@(\d{1,16}):(\d{1,16})$/;

export function formatEventId(channels: readonly string[], positions: readonly Position[]): string {
  let id = "";
  for (const [index, channel] of channels.entries()) {
    const position = positions[index];
    if (position) id += `${id === "" ? "" : ","}${channel}@${position.epoch}:${position.seq}`;
  }
  return id;
}

/** Position by channel, or `undefined` if it is no such ID. */
export function parseEventId(id: string): Map<string, Position> | undefined {
  const positions = new Map<string, Position>();
  for (const part of id.split(",")) {
    const [, channel = "", epochDigits, seqDigits] = partPattern.exec(part) ?? [];
    const position = { epoch: Number(epochDigits), seq: Number(seqDigits) };
    if (!isChannelName(channel) || positions.has(channel)) return undefined;
    if (!Number.isSafeInteger(position.epoch) || !Number.isSafeInteger(position.seq)) return undefined;
    positions.set(channel, position);
  }
  return positions;
}
