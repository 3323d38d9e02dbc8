/** What callers write; compiled by types.test.ts, never run. */
import { createTypebarTransport } from "@typebar/ai-sdk";
import type { ChatTransport, UIMessage } from "ai";

type MyMessage = UIMessage<{ generationId: string }>;

const plain: ChatTransport<UIMessage> = createTypebarTransport();
const own = createTypebarTransport<MyMessage>({ headers: () => ({ token: "secret" }), body: { model: "a/b" } });
const given: ChatTransport<MyMessage> = own;
const messages: Promise<MyMessage[]> = own.readMessages("id");

export const used: unknown[] = [plain, given, messages];
