/** One generation -> one open event stream, from wherever the client left off. Called by routes/chat, routes/generations and routes/openai. */
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Position, start } from "@typebar/log";
import type { Connection, RecordFormat, Refusal } from "@typebar/server";
import { endOf, holdsEnd } from "../generation/lost-ends.ts";
import { createChunkFormat, fromPayload, toResetEvent } from "../generation/records.ts";
import { headerNames } from "../protocol.ts";
import type { GenerationRow } from "../store/rows.ts";
import type { ChatContext, ResumeResult, RouteContext } from "./context.ts";
import { ProblemError, tooManyStreams } from "./problem.ts";
import { toStoredRecords } from "./stored-records.ts";

/** How an endpoint writes an answer, where it is not in chunks. */
export interface AnswerWire {
  /** It may remember what it has seen: it is used for this response alone. */
  format: RecordFormat;
  headers: Readonly<Record<string, string>>;
}

/**
 * Makes sure of a place for an event stream, before anything is begun for it.
 *
 * @throws {ProblemError} "too-many-streams".
 */
export function takePlace({ admitStream }: RouteContext, c: ChatContext): void {
  if (admitStream?.(c.env.incoming, c.env.outgoing) === false)
    throw new ProblemError("too-many-streams", tooManyStreams);
}

/** Opens a stream and cuts it off, so that its client comes back: to the next server. Nothing is begun. */
export async function sendAway({ streams }: RouteContext, c: ChatContext): Promise<Response> {
  const { incoming: request, outgoing: response } = c.env;
  const nothing = { source: { records: [] }, format: createChunkFormat(""), after: start };
  const opened = await streams.open({ request, response, ...nothing, rotate: false });
  if ("closed" in opened) opened.close("shutdown");
  return RESPONSE_ALREADY_SENT;
}

/**
 * Follows a generation from its start, or after `after`, as PROTOCOL.md#resume says.
 *
 * @throws {LogError} "unavailable"; nothing was written then.
 * @throws {ProblemError} "too-many-streams".
 */
export async function openAnswer(
  context: RouteContext,
  c: ChatContext,
  generation: GenerationRow,
  lastPosition: Position | undefined,
  wire?: AnswerWire,
): Promise<Response> {
  const { log, store, streams, lostEnds, onResume } = context;
  takePlace(context, c);
  const { incoming: request, outgoing: response } = c.env;
  const { id } = generation;
  const source = { logId: id, alone: wire !== undefined };
  // After `reset` alone, which stands before the first record, everything is still to come.
  const after = lastPosition?.seq === 0 ? undefined : lastPosition;
  const common = {
    request,
    response,
    format: wire?.format ?? createChunkFormat(id),
    headers: { ...toAnswerHeaders(generation), ...(wire?.headers ?? { "x-vercel-ai-ui-message-stream": "v1" }) },
    rotate: lastPosition !== undefined || request.headers[headerNames.resume.toLowerCase()] === "1",
  };
  const told = (result: ResumeResult): void => {
    if (lastPosition) onResume?.(result);
  };
  const head = await log.head(id);
  const end = endOf(generation);
  if (end && !holdsEnd(head, end)) {
    if (after && samePosition(after, end)) {
      told("finished");
      return c.body(null, 204);
    }
    const message = await store.generations.findMessage(generation.message_id);
    const records = toStoredRecords(generation, message?.parts ?? "[]", end);
    const terminal: Position = { epoch: end.epoch, seq: end.seq - 1 };
    if (after && samePosition(after, terminal)) {
      told("resumed");
      return sent(await streams.open({ ...common, source: { records }, after: terminal }));
    }
    told(after ? "expired" : "resumed");
    const preamble = after && toResetEvent({ reason: "expired" }, id, end.epoch);
    return sent(await streams.open({ ...common, source: { records }, after: start, ...(preamble && { preamble }) }));
  }

  if (after && (await isClose(log, id, after))) {
    told("finished");
    return c.body(null, 204);
  }
  const opened = await streams.open({ ...common, source, after: after ?? start });
  if (!("type" in opened)) {
    told("resumed");
    watchEnd(opened);
    // A log that is not there is still to be made, unless its generation was deleted since it was found.
    const awaited = (await log.head(id)) ?? (await store.generations.find(generation.owner_id, id));
    if (!awaited) opened.close("diverged");
    return RESPONSE_ALREADY_SENT;
  }
  if (opened.type === "gone") return RESPONSE_ALREADY_SENT;
  told(opened.type);
  const preamble = toResetEvent({ reason: opened.type }, id, head?.epoch ?? 0);
  const begun = await streams.open({ ...common, source, after: start, preamble });
  if (!("type" in begun)) watchEnd(begun);
  return sent(begun);

  /** Whoever waits for an end that is lost comes back, and is shown what is stored. */
  function watchEnd(connection: Connection): void {
    void connection.closed.then(lostEnds.watch(id, () => connection.close("diverged")));
  }
}

/** Where the generation behind an answer is found. */
export function toAnswerHeaders({ id, conversation_id: conversationId }: GenerationRow): Record<string, string> {
  return {
    [headerNames.generation]: id,
    [headerNames.conversation]: conversationId,
    "Content-Location": `/api/generations/${id}/events`,
  };
}

function sent(opened: Connection | Refusal): Response {
  if ("type" in opened && opened.type !== "gone")
    throw new Error(`a log refused to be read from its start: ${opened.type}`);
  return RESPONSE_ALREADY_SENT;
}

function samePosition(a: Position, b: Position): boolean {
  return a.epoch === b.epoch && a.seq === b.seq;
}

/** Whether the record at a position is `close`. The one before it was stored with it, under the same epoch. */
async function isClose(log: RouteContext["log"], logId: string, { epoch, seq }: Position): Promise<boolean> {
  if ((await log.head(logId))?.seq !== seq) return false;
  const page = await log.read(logId, { epoch, seq: seq - 1 }, { count: 1, chars: 1 });
  const [record] = page.type === "records" ? page.records : [];
  return record?.epoch === epoch && fromPayload(record.payload).type === "close";
}
