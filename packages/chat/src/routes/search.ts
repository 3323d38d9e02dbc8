/** `GET /api/conversations/search`: where words stand in an owner's conversations. */
import * as v from "valibot";
import type { SearchResults } from "../protocol.ts";
import type { ChatApp, RouteContext } from "./context.ts";
import { check } from "./start-request.ts";

const maxQuestionChars = 1000;

const searchQuery = v.strictObject({
  q: v.pipe(
    v.string("is needed"),
    v.maxLength(maxQuestionChars, `must have at most ${maxQuestionChars} characters`),
    v.check((value) => value.trim() !== "", "must not be empty"),
  ),
  limit: v.optional(v.pipe(v.string(), v.regex(/^([1-9]|[1-4]\d|50)$/, "must be 1 to 50"), v.transform(Number)), "20"),
});

/** To be added before the routes that take an ID in this place. */
export function addSearchRoutes(app: ChatApp, { store, ownerOf }: RouteContext): void {
  app.get("/api/conversations/search", async (c) => {
    const { q, limit } = check(searchQuery, c.req.query());
    const results: SearchResults = { results: await store.search.find(ownerOf(c.env.incoming), q, limit) };
    return c.json(results);
  });
}
