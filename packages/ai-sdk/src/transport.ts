/** The AI SDK's ChatTransport, over Typebar. Called by `Chat` and `useChat`; what it asks for is followed by answer.ts. */
import type { EventStreamOptions } from "@typebar/client";
import type { ChatTransport, UIMessage } from "ai";
import { followAnswer } from "./answer.ts";
import type { Answer, AnswerRequest } from "./answer.ts";
import { readMessages } from "./messages.ts";
import { toAddresses } from "./options.ts";
import type { TypebarTransportOptions } from "./options.ts";
import { createSend, resolve } from "./send.ts";
import { stopGeneration } from "./stop.ts";

export interface TypebarChatTransport<Message extends UIMessage = UIMessage> extends ChatTransport<Message> {
  /** For AI SDK 6 and 7: a resumed answer begins with its `start`. */
  readonly resumeStreamIsReplay: true;
  /**
   * Stops whatever answer is running in a conversation, from whichever device it was asked. The way to stop a resumed
   * answer in AI SDK 5, which has no signal for it.
   *
   * @throws {TypebarTransportError} "rejected".
   */
  stop(chatId: string): Promise<void>;
  /**
   * The stored messages of a conversation, to begin a page with before `resumeStream()`; none if there is no such
   * conversation yet. A message whose answer is running has no parts.
   *
   * @throws {TypebarTransportError} "rejected".
   */
  readMessages(chatId: string): Promise<Message[]>;
}

/**
 * Answers come whole and exact through network loss, server restarts and refreshes. An abort stops the generation.
 *
 * @throws {TypeError} If `api` does not end in `/chat`.
 */
export function createTypebarTransport<Message extends UIMessage = UIMessage>(
  options: TypebarTransportOptions = {},
): TypebarChatTransport<Message> {
  const { abort = "stop", backoff, silenceMs, credentials, fetch, onStateChange } = options;
  const addresses = toAddresses(options.api ?? "/api/chat");
  const send = createSend(options);
  // Answers that were aborted and have not ended on the server: until then it refuses the next question.
  const ending = new Map<string, Promise<void>>();

  const stop = (chatId: string, generationId?: string): Promise<void> =>
    stopGeneration(send, addresses, { chatId, generationId }, backoff);

  function toStream(chatId: string, more: EventStreamOptions, headers: HeadersInit | undefined): EventStreamOptions {
    return {
      ...more,
      headers: async () => {
        const all = new Headers(await resolve(options.headers));
        for (const [name, value] of [...new Headers(headers), ...new Headers(more.headers as HeadersInit)]) {
          all.set(name, value);
        }
        all.set("Typebar-Resume", "1");
        return all;
      },
      ...(backoff && { backoff }),
      ...(silenceMs !== undefined && { silenceMs }),
      ...(fetch && { fetch }),
      ...(credentials && { request: { credentials } }),
      onStateChange: (state) => onStateChange?.(state, chatId),
    };
  }

  function follow(chatId: string, request: Pick<AnswerRequest, "url" | "stream" | "signal" | "stopUnopened">): Answer {
    const answer = followAnswer({
      ...request,
      eventsOf: addresses.events,
      stop: abort === "stop" ? (generationId) => stop(chatId, generationId) : undefined,
    });
    const { ended } = answer;
    const onAbort = (): void => void ending.set(chatId, ended);
    request.signal?.addEventListener("abort", onAbort);
    void ended.then(() => {
      request.signal?.removeEventListener("abort", onAbort);
      if (ending.get(chatId) === ended) ending.delete(chatId);
    });
    return answer;
  }

  async function untilFree(chatId: string, signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve: settle } = Promise.withResolvers<void>();
    signal?.addEventListener("abort", () => settle(), { once: true });
    await Promise.race([ending.get(chatId), promise]);
    signal?.throwIfAborted();
  }

  return {
    resumeStreamIsReplay: true,

    async sendMessages({ chatId, messages, trigger, messageId, abortSignal, headers, body }) {
      const own = await resolve(options.body);
      const last = trigger === "submit-message" ? messages.slice(-1) : [];
      await untilFree(chatId, abortSignal);
      const answer = follow(chatId, {
        url: addresses.chat,
        signal: abortSignal,
        stopUnopened: true,
        stream: toStream(
          chatId,
          {
            method: "POST",
            headers: { "Content-Type": "application/json", "Idempotency-Key": createKey() },
            body: JSON.stringify({ ...own, ...body, id: chatId, messages: last, trigger, messageId }),
          },
          headers,
        ),
      });
      // An answer that is over already is an empty one.
      return (await answer.chunks) ?? new ReadableStream({ start: (controller) => controller.close() });
    },

    async reconnectToStream({ chatId, headers, ...rest }) {
      // AI SDK 5 gives none.
      const { abortSignal } = rest as { abortSignal?: AbortSignal };
      await untilFree(chatId, abortSignal);
      const answer = follow(chatId, {
        url: addresses.running(chatId),
        signal: abortSignal,
        stopUnopened: false,
        stream: toStream(chatId, {}, headers),
      });
      return (await answer.chunks) ?? null;
    },

    stop,
    readMessages: (chatId) => readMessages<Message>(send, addresses.conversation(chatId)),
  };
}

/** `crypto.randomUUID` is missing on pages that were not loaded over HTTPS. */
function createKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
