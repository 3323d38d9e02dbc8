/** What Redis and PostgreSQL hold at the end, read past every node. Called by collect.ts. */
import { once } from "node:events";
import { connect } from "node:net";
import { Client } from "pg";
import type { LogEntry, StoredState } from "./evidence.ts";
import { createRespReader, type RespValue, toCommand } from "./resp.ts";

interface Row {
  id: string;
  state: string;
  code: string | null;
  takeovers: number;
  parts: string;
  question: string;
}

const query = `select g.id, g.state, g.code, g.takeovers, answer.parts, question.parts as question
  from generations g join messages answer on answer.id = g.message_id join messages question on question.id = answer.parent_id`;

export async function readStored(url: string): Promise<StoredState[]> {
  const client = new Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<Row>(query);
    return rows.map(({ id, state, code, takeovers, parts, question }) => ({
      generationId: id,
      message: textOf(question),
      state,
      code: code ?? undefined,
      takeovers,
      text: textOf(parts),
    }));
  } finally {
    await client.end();
  }
}

function textOf(parts: string): string {
  const all = JSON.parse(parts) as { type: string; text?: string }[];
  return all.map(({ type, text = "" }) => (type === "text" ? text : "")).join("");
}

/** The records of each log, in the order of the IDs. */
export async function readLogs(port: number, logIds: readonly string[]): Promise<LogEntry[][]> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const read = createRespReader();
  const replies: RespValue[] = [];
  try {
    for (const logId of logIds) socket.write(toCommand(["XRANGE", `typebar:log:{:${logId}}:records`, "-", "+"]));
    while (replies.length < logIds.length) {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      replies.push(...read(bytes));
    }
  } finally {
    socket.destroy();
  }
  return replies.map((reply) => toEntries(reply));
}

function toEntries(reply: RespValue): LogEntry[] {
  if (!Array.isArray(reply)) throw new Error(`Redis does not tell a log: ${String(reply)}`);
  return (reply as [string, string[]][]).map(([id, fields]) => {
    const [seq, epoch] = id.split("-").map(Number);
    return { seq: seq ?? 0, epoch: epoch ?? 0, payload: fields[3] ?? "" };
  });
}
