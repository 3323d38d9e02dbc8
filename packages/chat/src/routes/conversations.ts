/** `/api/conversations`: list, create, read, change, delete. */
import * as v from "valibot";
import { idInPath, idPattern } from "../ids.ts";
import type { ConversationSummary } from "../protocol.ts";
import { readJson } from "./body.ts";
import type { ChatApp, RouteContext } from "./context.ts";
import { systemPrompt, title } from "./fields.ts";
import { ProblemError } from "./problem.ts";
import { check } from "./start-request.ts";
import { chooseBranch } from "./messages.ts";

const createBody = v.strictObject({ title: v.optional(title) });
const patchBody = v.pipe(
  v.strictObject({
    title: v.exactOptional(title),
    pinned: v.exactOptional(v.boolean()),
    systemPrompt: v.exactOptional(v.nullable(systemPrompt)),
    messageId: v.exactOptional(v.pipe(v.string(), v.regex(idPattern, "must be an ID"))),
  }),
  v.check((patch) => Object.keys(patch).length > 0, "names nothing to change"),
);
const listQuery = v.strictObject({
  limit: v.optional(v.pipe(v.string(), v.regex(/^([1-9]\d?|100)$/, "must be 1 to 100"), v.transform(Number)), "30"),
  cursor: v.optional(v.string()),
});

/** How long the log of a deleted answer is kept at most, in milliseconds. */
const deletedLogMs = 60_000;

export function addConversationRoutes(app: ChatApp, context: RouteContext): void {
  const { store, log, generations, ownerOf } = context;
  const { conversations } = store;
  const path = `/api/conversations/:id{${idInPath}}` as const;

  app.get("/api/conversations", async (c) => {
    const { limit, cursor } = check(listQuery, c.req.query());
    const page = await conversations.list(ownerOf(c.env.incoming), { limit, ...(cursor !== undefined && { cursor }) });
    if (!page) throw new ProblemError("bad-request", { detail: "The cursor is not one of this server's." });
    return c.json(page);
  });

  app.post("/api/conversations", async (c) => {
    const body = check(createBody, await readJson(c.env.incoming, c.env.outgoing));
    const ownerId = ownerOf(c.env.incoming);
    const { id } = await conversations.create(ownerId, body.title ?? "");
    return c.json(await conversations.read(ownerId, id), 201, { Location: `/api/conversations/${id}` });
  });

  app.get(path, async (c) => {
    const conversation = await conversations.read(ownerOf(c.env.incoming), c.req.param("id"));
    if (!conversation) throw new ProblemError("not-found");
    return c.json(conversation);
  });

  app.patch(path, async (c) => {
    const { messageId, ...patch } = check(patchBody, await readJson(c.env.incoming, c.env.outgoing));
    const ownerId = ownerOf(c.env.incoming);
    const id = c.req.param("id");
    let summary: ConversationSummary | undefined;
    // First what can be refused.
    if (messageId !== undefined) summary = await chooseBranch(context, { ownerId, id, messageId });
    if (Object.keys(patch).length > 0) summary = await conversations.change(ownerId, id, patch);
    if (!summary) throw new ProblemError("not-found");
    return c.json(summary);
  });

  app.delete(path, async (c) => {
    const ownerId = ownerOf(c.env.incoming);
    const logIds = await conversations.generationIds(ownerId, c.req.param("id"));
    const running = await store.generations.findUnfinished(ownerId, c.req.param("id"));
    // Before the rows that name them are gone: a server killed in between leaves no log behind.
    for (const id of logIds) if (id !== running?.id) await log.expire(id, deletedLogMs);
    if (running) await generations.stop(running);
    if (!(await conversations.remove(ownerId, c.req.param("id")))) throw new ProblemError("not-found");
    // Readers of what still runs are given its end; its log goes with it, or without it where nobody works on it.
    for (const id of logIds) await log.expire(id, id === running?.id ? deletedLogMs : 0);
    return c.body(null, 204);
  });
}
