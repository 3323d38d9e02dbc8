/** `/api/conversations/:id/messages/:messageId`: read and delete one message. Choosing a branch is asked for by routes/conversations. */
import { idInPath } from "../ids.ts";
import type { ConversationSummary } from "../protocol.ts";
import type { ChatApp, RouteContext } from "./context.ts";
import { ProblemError } from "./problem.ts";

/** How long the log of a deleted answer is kept at most, in milliseconds. */
const deletedLogMs = 60_000;

export function addMessageRoutes(app: ChatApp, { store, log, ownerOf }: RouteContext): void {
  const { messages } = store;
  const path = `/api/conversations/:id{${idInPath}}/messages/:messageId{${idInPath}}` as const;

  app.get(path, async (c) => {
    const message = await messages.find(ownerOf(c.env.incoming), c.req.param("id"), c.req.param("messageId"));
    if (!message) throw new ProblemError("not-found");
    return c.json(message);
  });

  app.delete(path, async (c) => {
    const ownerId = ownerOf(c.env.incoming);
    const { id, messageId } = c.req.param();
    const running = await store.generations.findUnfinished(ownerId, id);
    if (running) throw new ProblemError("conversation-busy", { generationId: running.id });
    // Before the rows that name them are gone: a server killed in between leaves no log behind.
    for (const logId of await messages.generationIds(ownerId, id, messageId)) await log.expire(logId, deletedLogMs);
    const removed = await messages.remove(ownerId, id, messageId);
    if (removed.type === "busy") throw new ProblemError("conversation-busy", { generationId: removed.generationId });
    if (removed.type === "not-found") throw new ProblemError("not-found");
    for (const logId of removed.generationIds) await log.expire(logId, 0);
    return c.body(null, 204);
  });
}

/** @throws {ProblemError} "not-found", "conversation-busy". */
export async function chooseBranch(
  { store }: RouteContext,
  { ownerId, id, messageId }: { ownerId: string; id: string; messageId: string },
): Promise<ConversationSummary> {
  const chosen = await store.messages.choose(ownerId, id, messageId);
  if (chosen.type === "busy") throw new ProblemError("conversation-busy", { generationId: chosen.generationId });
  if (chosen.type === "not-found") throw new ProblemError("not-found");
  return chosen.conversation;
}
