/** `/api/conversations`: list, create, read, change, delete, restore. */
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

export function addConversationRoutes(app: ChatApp, context: RouteContext): void {
  const { store, generations, ownerOf } = context;
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
    const removed = await store.deleted.remove(ownerId, c.req.param("id"));
    if (!removed) throw new ProblemError("not-found");
    // Its readers are given its end.
    if (removed.running) await generations.stop(removed.running);
    return c.body(null, 204);
  });

  app.post(`${path}/restore`, async (c) => {
    const summary = await store.deleted.restore(ownerOf(c.env.incoming), c.req.param("id"));
    if (!summary) throw new ProblemError("not-found");
    return c.json(summary);
  });
}
