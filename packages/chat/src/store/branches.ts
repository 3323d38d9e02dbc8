/** The tree of a conversation's messages: what is shown of it, what stands beside and below a message. Pure; called by the stores beside this file. */
import type { MessageRow } from "./rows.ts";

/** As much of a message as says where it stands. */
export type Place = Pick<MessageRow, "id" | "parent_id" | "role" | "created_at_ms">;

/** The messages from the first to `headId`, by their parents. */
export function branchOf<Row extends Place>(messages: readonly Row[], headId: string | null): Row[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const branch: Row[] = [];
  for (let next = headId; next !== null;) {
    const message = byId.get(next);
    // Each message is taken once, so that a damaged chain cannot go in circles.
    if (!message || !byId.delete(next)) break;
    branch.push(message);
    next = message.parent_id;
  }
  return branch.toReversed();
}

/** Of each message with others of its role below the same parent: the IDs of all of them, oldest first. */
export function findSiblings(messages: readonly Place[]): Map<string, string[]> {
  const groups = new Map<string, Place[]>();
  for (const message of messages) {
    const name = `${message.role} ${message.parent_id ?? ""}`;
    const group = groups.get(name);
    if (group) group.push(message);
    else groups.set(name, [message]);
  }
  const siblings = new Map<string, string[]>();
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const ids = group.toSorted(byAge).map(({ id }) => id);
    for (const id of ids) siblings.set(id, ids);
  }
  return siblings;
}

/** The message and all that follows from it, whichever branch it is on. */
export function findBelow<Row extends Place>(messages: readonly Row[], id: string): Row[] {
  const children = toChildren(messages);
  const below = messages.filter((message) => message.id === id);
  const seen = new Set([id]);
  // It grows while it is gone through.
  for (const { id: parentId } of below) {
    for (const child of children.get(parentId) ?? []) {
      if (seen.has(child.id)) continue;
      seen.add(child.id);
      below.push(child);
    }
  }
  return below;
}

/** The end of the newest branch that holds the message; `undefined` if there is no such message. */
export function findNewestLeaf(messages: readonly Place[], id: string): string | undefined {
  const children = toChildren(messages);
  const leaves = findBelow(messages, id).filter((message) => !children.has(message.id));
  return leaves.toSorted(byAge).at(-1)?.id;
}

/** Where a conversation stands once the message and all below it are gone: beside it, else above it. */
export function findHeadWithout(messages: readonly Place[], id: string): string | null {
  const removed = messages.find((message) => message.id === id);
  if (!removed) return null;
  const left = messages.filter(
    (message) => message.parent_id === removed.parent_id && message.role === removed.role && message.id !== id,
  );
  const leaves = new Set(left.map((sibling) => findNewestLeaf(messages, sibling.id)));
  const newest = messages.filter((message) => leaves.has(message.id)).toSorted(byAge);
  return newest.at(-1)?.id ?? removed.parent_id;
}

function toChildren<Row extends Place>(messages: readonly Row[]): Map<string, Row[]> {
  const children = new Map<string, Row[]>();
  for (const message of messages) {
    if (message.parent_id === null) continue;
    const known = children.get(message.parent_id);
    if (known) known.push(message);
    else children.set(message.parent_id, [message]);
  }
  return children;
}

/** The ID decides where two are of the same millisecond, so that each reading gives the same order. */
function byAge(a: Place, b: Place): number {
  return Number(a.created_at_ms) - Number(b.created_at_ms) || (a.id < b.id ? -1 : 1);
}
