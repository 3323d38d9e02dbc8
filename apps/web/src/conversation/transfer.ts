/** Conversations out of Typebar as files, and back in. Made by app-context.ts; offered by menus and by SettingsTransfer.vue. */

import { ChatError } from "@typebar/chat-client";
import type { ChatClient, ChatErrorCode, ConversationSummary } from "@typebar/chat-client";

export interface Transfer {
  /** Each of them gives the file to the browser, which saves it. @returns why it could not be had. */
  exportOne(
    conversation: Pick<ConversationSummary, "id" | "title">,
    format: "json" | "markdown",
  ): Promise<ChatErrorCode | null>;
  exportAll(): Promise<ChatErrorCode | null>;
  importFile(file: Blob): Promise<Imported>;
}

/** `detail`: what exactly the server did not take; in English. */
export type Imported = { count: number } | { code: ChatErrorCode; detail: string };

export interface TransferOptions {
  client: Pick<ChatClient, "exportConversation" | "exportConversations" | "importConversations">;
  document: Document;
  /** In milliseconds since 1970. */
  now(): number;
}

export function createTransfer({ client, document, now }: TransferOptions): Transfer {
  async function save(blob: Promise<Blob>, name: string): Promise<ChatErrorCode | null> {
    try {
      saveFile(document, await blob, name);
      return null;
    } catch (error) {
      return codeOf(error);
    }
  }

  return {
    exportOne: ({ id, title }, format) =>
      save(client.exportConversation(id, format), `${toFileName(title)}.${format === "json" ? "json" : "md"}`),
    exportAll: () => save(client.exportConversations(), `typebar-${new Date(now()).toISOString().slice(0, 10)}.json`),
    async importFile(file) {
      try {
        const { conversations } = await client.importConversations(file);
        return { count: conversations.length };
      } catch (error) {
        return { code: codeOf(error), detail: error instanceof ChatError ? error.message : "" };
      }
    },
  };
}

/** Without what file systems do not take or take for something else, and what turns text around. Pure. */
export function toFileName(title: string): string {
  const plain = title
    .replaceAll(/[\p{Cc}\p{Bidi_Control}"*/:<>?\\|]/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/^[. ]+|[. ]+$/gu, "");
  const short = Array.from(plain).slice(0, 80).join("").trim();
  return short === "" ? "typebar" : short;
}

function saveFile(document: Document, blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function codeOf(error: unknown): ChatErrorCode {
  return error instanceof ChatError ? error.code : "internal";
}
