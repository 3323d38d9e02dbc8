/** A checked start -> the generation that answers it: resumed, known or begun. Called by routes/chat and routes/openai. */
import type { Position } from "@typebar/log";
import { parseEventId } from "../ids.ts";
import type { BeginRequest } from "../store/begin.ts";
import type { GenerationRow } from "../store/rows.ts";
import type { ChatContext, RouteContext } from "./context.ts";
import { lastEventIdOf } from "./last-event-id.ts";
import { ProblemError } from "./problem.ts";

/**
 * The generation of the event ID that a start carries: whoever has one has been answered, and is never asked for again.
 *
 * @throws {ProblemError} "unknown-event-id", "key-reused".
 */
export async function findResumed(
  { store, ownerOf }: RouteContext,
  c: ChatContext,
  requestHash: string,
): Promise<{ generation: GenerationRow; position: Position } | undefined> {
  const lastEventId = lastEventIdOf(c);
  if (lastEventId === undefined) return undefined;
  const eventId = parseEventId(lastEventId);
  const generation = eventId && (await store.generations.find(ownerOf(c.env.incoming), eventId.generationId));
  if (!eventId || !generation) throw new ProblemError("unknown-event-id", { status: 409 });
  if (generation.request_hash !== requestHash) throw new ProblemError("key-reused");
  return { generation, position: eventId.position };
}

/** @throws {ProblemError} why nothing was begun. */
export async function beginAnswer(
  { store, generations, requestIdOf }: RouteContext,
  c: ChatContext,
  request: BeginRequest,
): Promise<GenerationRow> {
  const begun = await store.generations.begin(request);
  switch (begun.type) {
    case "begun":
      await generations.launch(begun.generation, requestIdOf?.(c.env.incoming));
      return begun.generation;
    case "known":
      return begun.generation;
    case "busy":
      throw new ProblemError("conversation-busy", { generationId: begun.generationId });
    case "unknown-attachment":
      throw new ProblemError("bad-request", { detail: "attachmentIds: there is no such file, or not any more." });
    case "files-refused":
      throw new ProblemError("bad-request", { detail: begun.detail });
    case "not-found":
    case "key-reused":
    case "no-model":
    case "nothing-to-answer":
    case "nothing-to-continue":
      throw new ProblemError(begun.type);
  }
}
