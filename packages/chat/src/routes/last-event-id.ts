/** Where the client left off, by header or query. */
import type { ChatContext } from "./context.ts";

/** The header wins; an empty value counts as absent. The text is not checked here. */
export function lastEventIdOf(c: ChatContext): string | undefined {
  return c.req.header("Last-Event-ID") || c.req.query("lastEventId") || undefined;
}
