/**
 * The channel `typebar.changes`: each owner has one of their own behind that name. Told of changes by the chat store, followed through
 * channel-routes.ts.
 */
import { createHash } from "node:crypto";
import type { OnChange } from "@typebar/chat";
import { changesChannel } from "@typebar/chat/protocol";
import type { Hub } from "@typebar/server";

/** The owner of everything where nobody signs in by name. */
export const soleOwner = "local";

/** What the hub calls it: where there is one owner, as everybody does. */
export function changesChannelOf(ownerId: string): string {
  if (ownerId === soleOwner) return changesChannel;
  return `${changesChannel}.${createHash("sha256").update(ownerId).digest("base64url").slice(0, 22)}`;
}

/** `report` is told of a change that nobody could be told of. */
export function createChangePublisher(hub: Hub, report: (error: unknown) => void): OnChange {
  return async (ownerId, change) => {
    try {
      await hub.publish(changesChannelOf(ownerId), change);
    } catch (error) {
      report(error);
    }
  };
}
