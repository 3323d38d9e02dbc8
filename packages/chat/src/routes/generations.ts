/** `/api/generations/:id`: state, events, stop. */
import { idInPath, parseEventId } from "../ids.ts";
import { type GenerationRow, toGeneration } from "../store/rows.ts";
import { openAnswer } from "./answer-stream.ts";
import type { ChatApp, ChatContext, RouteContext } from "./context.ts";
import { lastEventIdOf } from "./last-event-id.ts";
import { ProblemError } from "./problem.ts";

export function addGenerationRoutes(app: ChatApp, context: RouteContext): void {
  const { store, generations, ownerOf } = context;
  const path = `/api/generations/:id{${idInPath}}` as const;

  async function find(c: ChatContext, id: string): Promise<GenerationRow> {
    const generation = await store.generations.find(ownerOf(c.env.incoming), id);
    if (!generation) throw new ProblemError("not-found");
    return generation;
  }

  app.get(path, async (c) => c.json(toGeneration(await find(c, c.req.param("id")))));

  app.get(`${path}/events`, async (c) => {
    const generation = await find(c, c.req.param("id"));
    const lastEventId = lastEventIdOf(c);
    if (lastEventId === undefined) return openAnswer(context, c, generation, undefined);
    const eventId = parseEventId(lastEventId);
    if (eventId?.generationId !== generation.id) throw new ProblemError("unknown-event-id");
    return openAnswer(context, c, generation, eventId.position);
  });

  app.post(`${path}/stop`, async (c) => {
    const generation = await find(c, c.req.param("id"));
    if (generation.end_seq === null) await generations.stop(generation);
    return c.json(toGeneration(await find(c, generation.id)), 202);
  });
}
