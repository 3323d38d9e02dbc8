/** Conversations in every state that a page can show, as a file to be imported. Used by around.test.ts. */
import type { Export, ExportedConversation, ExportedMessage } from "@typebar/chat/protocol";

const createdAt = "2026-01-01T00:00:00.000Z";
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const diagram = "```mermaid\nflowchart LR\n  A[Question] --> B[Answer]\n```";

function user(
  id: string,
  parentId: string | null,
  text: string,
  files: ExportedMessage["parts"] = [],
): ExportedMessage {
  return { id, parentId, role: "user", createdAt, parts: [...files, { type: "text", text }] };
}

function assistant(
  id: string,
  parentId: string,
  text: string,
  metadata: Partial<NonNullable<ExportedMessage["metadata"]>> = {},
): ExportedMessage {
  const usual = { model: "openai-compatible/scripted", state: "completed" } as const;
  return {
    id,
    parentId,
    role: "assistant",
    createdAt,
    parts: [{ type: "text", text }],
    metadata: { ...usual, ...metadata },
  };
}

function conversation(title: string, messages: ExportedMessage[]): ExportedConversation {
  const headMessageId = messages.at(-1)?.id ?? null;
  return { title, pinned: false, systemPrompt: null, createdAt, updatedAt: createdAt, headMessageId, messages };
}

const few = (index: number): ExportedConversation =>
  conversation(`Rice ${index}`, [user("a", null, "Rice?"), assistant("b", "a", "Beans and rice.")]);

export const everything: Export = {
  typebar: 1,
  conversations: [
    conversation("Everything", [
      user("a", null, "First version"),
      assistant("b", "a", "First answer"),
      user("c", null, "Second version", [
        { type: "file", mediaType: "image/png", filename: "dot.png", url: `data:image/png;base64,${png}` },
        { type: "file", mediaType: "text/plain", filename: "notes.txt", url: "data:text/plain;base64,eA==" },
      ]),
      assistant("d", "c", "One answer"),
      assistant("e", "c", `Another answer\n\n${diagram}\n\nمرحبا بالعالم`),
      user("f", "e", "Too long?"),
      assistant("g", "f", "Cut", { finishReason: "length" }),
      user("h", "g", "And now?"),
      assistant("i", "h", "Half an", { state: "interrupted", code: "continuation-unsupported" }),
    ]),
    ...Array.from({ length: 20 }, (_, index) => few(index)),
  ],
};
