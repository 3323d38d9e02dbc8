/** `/v1/`: the chat for clients of OpenAI's API. The generation behind a request is one like any other, in no listed conversation. */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Position, start } from "@typebar/log";
import type { RecordFormat } from "@typebar/server";
import { headerNames } from "../../protocol.ts";
import type { GenerationRow } from "../../store/rows.ts";
import { openAnswer, takePlace, toAnswerHeaders } from "../answer-stream.ts";
import { readJson } from "../body.ts";
import type { ChatApp, ChatContext, RouteContext } from "../context.ts";
import { createDefaultModel } from "../default-model.ts";
import { ProblemError } from "../problem.ts";
import { beginAnswer, findResumed } from "../start-answer.ts";
import { parseKey } from "../start-request.ts";
import { openAwaitedJson } from "./awaited-json.ts";
import { createCompletionFormat } from "./completion-format.ts";
import { type CompletionRequest, parseCompletionBody } from "./completion-request.ts";
import { toCompletion } from "./completion.ts";
import { waitForAnswer } from "./ended-answer.ts";
import { toFailureResponse } from "./error.ts";
import { addModelRoutes, findModel } from "./models.ts";

export function addOpenAIRoutes(app: ChatApp, context: RouteContext): void {
  const { log, providers, ownerOf, isDraining, heartbeatMs = 15_000 } = context;
  const defaultModel = createDefaultModel(providers);

  app.post("/v1/chat/completions", async (c) => {
    const { incoming, outgoing } = c.env;
    const request = parseCompletionBody(await readJson(incoming, outgoing));
    const resumed = await findResumed(context, c, request.hash);
    if (request.stream) takePlace(context, c);
    const generation = resumed?.generation ?? (await begin(c, request));
    return request.stream ? openStream(c, request, generation, resumed?.position) : answerWhole(c, generation);
  });
  addModelRoutes(app, context);

  async function begin(c: ChatContext, { model, prompt, hash }: CompletionRequest): Promise<GenerationRow> {
    if (isDraining()) throw new ProblemError("draining");
    const keys = parseKey(c.req.header(headerNames.idempotencyKey));
    const chosen = model === undefined ? await defaultModel() : await findModel(providers, model, c.req.raw.signal);
    return beginAnswer(context, c, {
      ownerId: ownerOf(c.env.incoming),
      trigger: "submit-message",
      conversationId: undefined,
      createConversation: false,
      text: "",
      messageId: undefined,
      chooseModel: () => chosen,
      keys,
      requestHash: hash,
      prompt,
    });
  }

  async function openStream(
    c: ChatContext,
    { includeUsage }: CompletionRequest,
    generation: GenerationRow,
    lastPosition: Position | undefined,
  ): Promise<Response> {
    const format = createCompletionFormat({ generation, includeUsage });
    if (lastPosition) await showRecords(format, generation.id, lastPosition.seq);
    return openAnswer(context, c, generation, lastPosition, { format, headers: { "x-request-id": generation.id } });
  }

  /** Shows a format what its client has seen already. */
  async function showRecords(format: RecordFormat, logId: string, lastSeq: number): Promise<void> {
    let position = start;
    while (position.seq < lastSeq) {
      const page = await log.read(logId, position, { count: 1000, chars: 1_048_576 });
      const last = page.type === "records" ? page.records.at(-1) : undefined;
      if (page.type !== "records" || !last) return;
      for (const record of page.records) format.toEvent(record);
      position = last;
    }
  }

  async function answerWhole(c: ChatContext, generation: GenerationRow): Promise<Response> {
    const { outgoing } = c.env;
    const gone = new AbortController();
    outgoing.once("close", () => gone.abort());
    const headers = { ...toAnswerHeaders(generation), "x-request-id": generation.id };
    const awaited = openAwaitedJson(outgoing, { headers, heartbeatMs });
    const ended = await waitForAnswer(context, generation, gone.signal);
    if (!ended) return RESPONSE_ALREADY_SENT;
    const { answer, errorText } = ended;
    if (answer.end?.code === undefined) return awaited.finish(c.json(toCompletion(generation, answer), 200, headers));
    // OpenAI's clients ask again by themselves after an error; what has cost something already is not asked for twice.
    const spoke = answer.parts.length > 0;
    const retry: Record<string, string> = spoke ? { "x-should-retry": "false" } : {};
    return awaited.finish(toFailureResponse(answer.end, errorText, { ...headers, ...retry }));
  }
}
