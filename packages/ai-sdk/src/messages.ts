/** A stored conversation -> the AI SDK's messages, to begin a page with. Called by transport.ts. */
import type { UIMessage } from "ai";
import { TypebarTransportError } from "./errors.ts";
import type { Send } from "./send.ts";

/** @throws {TypebarTransportError} "rejected". */
export async function readMessages<Message extends UIMessage>(send: Send, url: string): Promise<Message[]> {
  const response = await send(url, {});
  if (response.status === 404) return [];
  if (!response.ok) {
    throw new TypebarTransportError("rejected", `The server answered ${response.status}`, { status: response.status });
  }
  const { messages }: { messages: Message[] } = await response.json();
  return messages.map(({ id, role, parts, metadata }) => ({ id, role, parts, metadata }) as Message);
}
