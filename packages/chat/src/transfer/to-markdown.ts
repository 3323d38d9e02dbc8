/** A conversation as it is shown -> one Markdown text, for people to read. Called by routes/transfer. */
import { textOf } from "../generation/answer.ts";
import type { Conversation, Message } from "../protocol.ts";

export function toMarkdown({ title, messages }: Conversation): string {
  return `${[`# ${title}`, ...messages.map(toSection)].join("\n\n")}\n`;
}

function toSection(message: Message): string {
  const name = message.metadata?.model ?? "User";
  const sources = message.parts.flatMap((part) =>
    part.type === "source-url"
      ? [`- [${escapeLabel(part.title ?? part.url)}](<${part.url.replaceAll(">", "%3E")}>)`]
      : [],
  );
  const files = message.parts.flatMap((part) => (part.type === "file" ? [`- ${part.filename}`] : []));
  return [`## ${name}`, files.join("\n"), textOf(message.parts).trim(), sources.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

function escapeLabel(label: string): string {
  return label.replace(/[[\]\\]/g, "\\$&");
}
