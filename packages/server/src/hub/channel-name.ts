/** Names of channels, as they are given, and the logs that they stand for. Used all over the hub. */
import { HubError } from "./errors.ts";

const channelPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const logPrefix = "channel:";

/** 1 to 64 of `A-Z a-z 0-9 . _ -`, of which the first is a letter or a digit: nothing that has a meaning in an event ID or a URL. */
export function isChannelName(name: string): boolean {
  return channelPattern.test(name);
}

/** @throws {HubError} "bad-channel". */
export function checkChannelName(name: string): void {
  if (isChannelName(name)) return;
  throw new HubError(
    "bad-channel",
    "A channel's name has 1 to 64 of A-Z a-z 0-9 . _ - and begins with a letter or digit",
  );
}

/**
 * Each once, in the order in which event IDs name them.
 *
 * @throws {HubError} "too-many-channels", "bad-channel".
 */
export function toChannelNames(channels: readonly string[], maxCount: number): readonly string[] {
  const names = [...new Set(channels)].toSorted();
  if (names.length === 0 || names.length > maxCount) {
    throw new HubError("too-many-channels", `A connection follows 1 to ${maxCount} channels`);
  }
  for (const name of names) checkChannelName(name);
  return names;
}

/** So that it cannot be taken for any other log of the same store. */
export function toLogId(channel: string): string {
  return `${logPrefix}${channel}`;
}

/** The channel of a log that is one's. */
export function toChannel(logId: string): string {
  return logId.slice(logPrefix.length);
}
