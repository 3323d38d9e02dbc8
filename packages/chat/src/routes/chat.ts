/** `POST /api/chat`, `GET /api/chat`, `GET /api/chat/:conversationId/stream`: start an answer, or find the way back to it. */
import { idInPath, parseEventId } from "../ids.ts";
import { type FilePart, headerNames } from "../protocol.ts";
import type { ModelInput } from "../provider/registry.ts";
import type { GenerationRow } from "../store/rows.ts";
import { openAnswer, sendAway, takePlace } from "./answer-stream.ts";
import { readJson } from "./body.ts";
import type { ChatApp, ChatContext, RouteContext } from "./context.ts";
import { createDefaultModel } from "./default-model.ts";
import { lastEventIdOf } from "./last-event-id.ts";
import { ProblemError } from "./problem.ts";
import { beginAnswer, findResumed } from "./start-answer.ts";
import { parseKey, parseStartBody, parseStartQuery, type StartRequest } from "./start-request.ts";

export function addChatRoutes(app: ChatApp, context: RouteContext): void {
  const { store, providers, ownerOf, mayStartByGet, isDraining } = context;
  const defaultModel = createDefaultModel(providers);

  app.post("/api/chat", async (c) => {
    const { incoming, outgoing } = c.env;
    const request = parseStartBody(await readJson(incoming, outgoing));
    return startOrResume(c, request, parseKey(c.req.header(headerNames.idempotencyKey)));
  });

  app.get("/api/chat", async (c) => {
    if (!acceptsEventStream(c.req.header("Accept"))) throw new ProblemError("not-acceptable");
    if (!mayStartByGet(c.env.incoming)) throw new ProblemError("forbidden-origin");
    const query = c.req.query();
    return startOrResume(c, parseStartQuery(query), parseKey(query["key"]));
  });

  app.get(`/api/chat/:conversationId{${idInPath}}/stream`, async (c) => {
    const ownerId = ownerOf(c.env.incoming);
    const conversationId = c.req.param("conversationId");
    const lastEventId = lastEventIdOf(c);
    if (lastEventId === undefined) {
      const running = await store.generations.findUnfinished(ownerId, conversationId);
      return running ? openAnswer(context, c, running, undefined) : c.body(null, 204);
    }
    const eventId = parseEventId(lastEventId);
    const generation = eventId && (await store.generations.find(ownerId, eventId.generationId));
    if (!eventId || generation?.conversation_id !== conversationId) throw new ProblemError("unknown-event-id");
    return openAnswer(context, c, generation, eventId.position);
  });

  async function startOrResume(c: ChatContext, request: StartRequest, keys: string[]): Promise<Response> {
    const resumed = await findResumed(context, c, request.hash);
    if (resumed) return openAnswer(context, c, resumed.generation, resumed.position);
    // Only an `EventSource` asks so, and it would give up after a refusal.
    if (isDraining() && c.req.method === "GET") return sendAway(context, c);
    takePlace(context, c);
    return openAnswer(context, c, await begin(c, request, keys), undefined);
  }

  async function begin(c: ChatContext, request: StartRequest, keys: string[]): Promise<GenerationRow> {
    if (isDraining()) throw new ProblemError("draining");
    if (request.model !== undefined && !providers.resolve(request.model)) throw new ProblemError("unknown-model");
    const fallback = request.model === undefined ? await defaultModel() : undefined;
    return beginAnswer(context, c, {
      ownerId: ownerOf(c.env.incoming),
      trigger: request.trigger,
      conversationId: request.conversationId,
      createConversation: request.createConversation,
      text: request.text,
      messageId: request.messageId,
      attachmentIds: request.attachmentIds,
      refusesFiles: (model, files) => whyNoFiles(providers.inputOf(model), files),
      chooseModel: (previous) =>
        request.model ?? (previous !== null && providers.resolve(previous) ? previous : fallback),
      keys: [...keys, ...request.keys],
      edit: request.edit,
      requestHash: request.hash,
    });
  }
}

function whyNoFiles({ input, attachments }: ModelInput, files: readonly FilePart[]): string | undefined {
  if (!attachments) return "This model takes no files.";
  const hasImage = files.some(({ mediaType }) => mediaType.startsWith("image/"));
  return hasImage && !input.includes("image") ? "This model cannot be shown images." : undefined;
}

function acceptsEventStream(accept: string | undefined): boolean {
  return accept?.split(",").some((type) => type.split(";")[0]?.trim().toLowerCase() === "text/event-stream") ?? false;
}
