/**
 * Where a reader stands in one channel or in several, as an event ID: `rates@1730000000000:57,sales@1730000000001:9`. Read by hub,
 * written by channel-feed.
 *
 * @see PROTOCOL.md
 */
import type { Position } from "@typebar/log";

const channelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const partPattern = /^([^@]+)@(\d{1,16}):(\d{1,16})$/;

/** 1 to 64 of `A-Z a-z 0-9 . _ -`, of which the first is a letter or a digit: nothing that has a meaning in an event ID or a URL. */
export function isChannelName(name: string): boolean {
  return channelPattern.test(name);
}

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
