/** What a caller of createTypebarTransport may set, and the addresses that follow from it. */
import type { ConnectionState, EventStreamOptions } from "@typebar/client";

export interface TypebarTransportOptions {
  /** Address of Typebar's `POST /api/chat`; the others lie beside it. @defaultValue "/api/chat" */
  api?: string;
  /** Request headers, such as `Authorization`; a function is asked again for each request. */
  headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>);
  /** More keys for the body of a start, such as `model`; a function is asked again for each start. */
  body?: object | (() => object | Promise<object>);
  /** Sent along with each request, as with `fetch`. @defaultValue "same-origin" */
  credentials?: RequestCredentials;
  /**
   * What an abort does (`stop()` of the AI SDK; its React hook also aborts when its component goes away, unless it was
   * given a `chat` made elsewhere). `stop` stops the generation on the server, for every device; `disconnect` only lets
   * go of the connection, and the answer goes on without us. A resumed stream that is not open yet is always only let go.
   *
   * @defaultValue "stop"
   */
  abort?: "stop" | "disconnect";
  /** Told of each change of the connection of an answer, so that a page can say "reconnecting". */
  onStateChange?: (state: ConnectionState, chatId: string) => void;
  /** Longest time without a byte, in milliseconds, before the connection is opened anew. @defaultValue 30000 */
  silenceMs?: number;
  /** Delays between attempts, of streams and of stops. */
  backoff?: EventStreamOptions["backoff"];
  /** @defaultValue globalThis.fetch */
  fetch?: typeof fetch;
}

/** Where things are on the server. */
export interface Addresses {
  chat: string;
  /** The running answer of a conversation. */
  running(chatId: string): string;
  conversation(chatId: string): string;
  events(generationId: string): string;
  stop(generationId: string): string;
}

/** @throws {TypeError} If `api` does not end in `/chat`: the other addresses could not be found then. */
export function toAddresses(api: string): Addresses {
  if (!api.endsWith("/chat")) throw new TypeError(`Not an address of Typebar's chat endpoint: ${api}`);
  const base = api.slice(0, -"/chat".length);
  const at = (folder: string, id: string, rest = ""): string => `${base}/${folder}/${encodeURIComponent(id)}${rest}`;
  return {
    chat: api,
    running: (chatId) => at("chat", chatId, "/stream"),
    conversation: (chatId) => at("conversations", chatId),
    events: (generationId) => at("generations", generationId, "/events"),
    stop: (generationId) => at("generations", generationId, "/stop"),
  };
}
