/** HTTP body -> what is asked of the scripted model: which question, and from which kept text. Called by scripted-chat.ts. */
import type { IncomingMessage } from "node:http";
import { text as readText } from "node:stream/consumers";

/**
 * `prefill`: the last message is the assistant's. `prompt`: after the kept text the user says that it was "cut off"
 * and asks to "continue".
 */
export type ScriptedKind = "start" | "prefill" | "prompt";

/** The body is not a chat request. */
export class UnreadableRequest extends Error {}

interface Asked {
  key: string;
  kind: ScriptedKind;
  model: string;
  keptText: string;
  body: Record<string, unknown>;
}

interface ChatMessage {
  role: string;
  text: string;
}

/** @throws {UnreadableRequest} */
export async function readScriptedRequest(incoming: IncomingMessage): Promise<Asked> {
  const body = parseBody(await readText(incoming));
  const { model } = body;
  if (typeof model !== "string") throw new UnreadableRequest("The request names no model");
  const messages = toMessages(body["messages"]);
  const last = messages.at(-1);
  const before = messages.at(-2);
  if (last?.role === "assistant") {
    if (before?.role !== "user") throw new UnreadableRequest("A prefill follows no user message");
    return { key: before.text, kind: "prefill", model, keptText: last.text, body };
  }
  // What a tool gave is answered like a question: its text is the script.
  if (last?.role === "tool") return { key: last.text, kind: "start", model, keptText: "", body };
  if (last?.role !== "user") throw new UnreadableRequest("The last message is neither the user's nor the assistant's");
  const question = messages.at(-3);
  if (before?.role === "assistant" && question?.role === "user" && asksToContinue(last.text)) {
    return { key: question.text, kind: "prompt", model, keptText: before.text, body };
  }
  return { key: last.text, kind: "start", model, keptText: "", body };
}

/** A message with a script of its own is always a new question. */
function asksToContinue(text: string): boolean {
  return !text.includes("script:") && /\bcut off\b/iu.test(text) && /\bcontinue\b/iu.test(text);
}

function parseBody(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UnreadableRequest("The body is not JSON", { cause });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  throw new UnreadableRequest("The body is no object");
}

function toMessages(value: unknown): ChatMessage[] {
  if (!Array.isArray(value)) throw new UnreadableRequest("The request has no messages");
  return value.map((message: { role?: unknown; content?: unknown }) => {
    if (typeof message.role !== "string") throw new UnreadableRequest("A message has no role");
    return { role: message.role, text: toText(message.content) };
  });
}

function toText(content: unknown): string {
  if (typeof content === "string") return content;
  if (content === null || content === undefined) return "";
  if (!Array.isArray(content)) throw new UnreadableRequest("A message's content is neither a text nor a list");
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("");
}
