/** A stored conversation of any length, written into the data of a Typebar that does not run. Called by tests and measurements. */
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";

export interface LongConversation {
  id: string;
  /** What stands in the first question, in the middle one and in the last, and nowhere else. */
  marks: { first: string; middle: string; last: string };
}

/**
 * @param messages questions and answers together
 * @param dataDir whose typebar.db is up to date: its server has run, and has ended
 */
export function writeLongConversation(dataDir: string, messages: number, ownerId = "local"): LongConversation {
  const database = new DatabaseSync(join(dataDir, "typebar.db"));
  const id = "long-conversation-id";
  const marks = { first: "needle-first", middle: "needle-middle", last: "needle-last" };
  const turns = Math.floor(messages / 2);
  const startMs = Date.now() - turns * 60_000;
  const insertMessage = database.prepare(
    "INSERT INTO messages (id, conversation_id, parent_id, role, parts, generation_id, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const insertGeneration = database.prepare(
    `INSERT INTO generations (id, conversation_id, message_id, owner_id, state, model, "trigger", given_text, request_hash,
     takeovers, finish_reason, usage, end_epoch, end_seq, log_expires, created_at_ms, finished_at_ms)
     VALUES (?, ?, ?, ?, 'completed', 'scripted/one', 'submit-message', '""', 'hash', 0, 'stop', ?, 1, 9, 1, ?, ?)`,
  );
  database.exec("BEGIN");
  database
    .prepare(
      "INSERT INTO conversations (id, owner_id, title, head_message_id, model, created_at_ms, updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .run(id, ownerId, "A long conversation", answerId(turns - 1), "scripted/one", startMs, Date.now());
  for (let turn = 0; turn < turns; turn++) {
    const atMs = startMs + turn * 60_000;
    const mark =
      turn === 0 ? marks.first : turn === Math.floor(turns / 2) ? marks.middle : turn === turns - 1 ? marks.last : "";
    const question = `Question ${turn}: how does part ${turn % 17} work? ${mark}`;
    insertMessage.run(
      questionId(turn),
      id,
      turn === 0 ? null : answerId(turn - 1),
      "user",
      toParts(question),
      null,
      atMs,
    );
    insertMessage.run(
      answerId(turn),
      id,
      questionId(turn),
      "assistant",
      toParts(toAnswer(turn)),
      generationId(turn),
      atMs + 1000,
    );
    insertGeneration.run(
      generationId(turn),
      id,
      answerId(turn),
      ownerId,
      JSON.stringify({ inputTokens: 10, outputTokens: 200 }),
      atMs + 1000,
      atMs + 5000,
    );
  }
  database.exec("COMMIT");
  database.close();
  return { id, marks };
}

function toParts(text: string): string {
  return JSON.stringify([{ type: "text", text }]);
}

function questionId(turn: number): string {
  return `question-${String(turn).padStart(11, "0")}`;
}

function answerId(turn: number): string {
  return `answer---${String(turn).padStart(11, "0")}`;
}

function generationId(turn: number): string {
  return `generate-${String(turn).padStart(11, "0")}`;
}

/** About a thousand characters, of each kind of block something. */
function toAnswer(turn: number): string {
  const words = `Part ${turn % 17} of turn ${turn} reads what it is given, **keeps** it, and hands it on to \`step${turn}\`. `;
  const paragraphs = [`## Turn ${turn}`, words.repeat(2 + (turn % 4)).trim()];
  if (turn % 2 === 0)
    paragraphs.push(`- first of ${turn}\n- second, with [a link](https://example.com/${turn})\n- third`);
  if (turn % 3 === 0)
    paragraphs.push(
      `\`\`\`ts\nexport function step${turn}(value: number): number {\n  return value + ${turn};\n}\n\`\`\``,
    );
  if (turn % 5 === 0) paragraphs.push(`| name | value |\n|---|---|\n| turn | ${turn} |\n| part | ${turn % 17} |`);
  paragraphs.push(words.repeat(1 + (turn % 3)).trim());
  return paragraphs.join("\n\n");
}
