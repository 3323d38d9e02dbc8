/** Body of `POST /api/channels/:name/events` -> events for the hub, which checks their names and sizes. Called by channel-routes.ts. */
import { ProblemError } from "@typebar/chat";
import type { ChannelEvent } from "@typebar/server";
import * as v from "valibot";

const event = v.strictObject({ event: v.optional(v.string()), data: v.unknown() });
const several = v.strictObject({ events: v.array(event) });

/** @throws {ProblemError} "bad-request". */
export function parsePublishBody(body: unknown): ChannelEvent[] {
  const isSeveral = typeof body === "object" && body !== null && "events" in body;
  const parsed = isSeveral ? v.safeParse(several, body) : v.safeParse(event, body);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const path = v.getDotPath(issue);
    throw new ProblemError("bad-request", { detail: path === null ? issue.message : `${path}: ${issue.message}` });
  }
  const events = "events" in parsed.output ? parsed.output.events : [parsed.output];
  return events.map(({ event: name = "message", data }) => ({ event: name, data }));
}
