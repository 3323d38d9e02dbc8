/** Which channels the server itself writes, and what the hub calls those that somebody asks for. Asked by channel-routes.ts. */
import { ProblemError } from "@typebar/chat";
import { changesChannel } from "@typebar/chat/protocol";
import { changesChannelOf } from "./changes.ts";
import { onlineChannel } from "./online.ts";

/** Also for channels that a later version may need. */
const ownPrefix = "typebar.";

/** Nobody else may publish to these. */
export function isOwnChannel(name: string): boolean {
  return name === onlineChannel || name.startsWith(ownPrefix);
}

/**
 * The attack it stops: naming the hub's name of another owner's changes.
 *
 * @throws {ProblemError} "reserved-channel".
 */
export function toFollowed(name: string, ownerId: string): string {
  if (name === changesChannel) return changesChannelOf(ownerId);
  if (name.startsWith(ownPrefix)) throw new ProblemError("reserved-channel");
  return name;
}
