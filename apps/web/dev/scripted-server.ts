/**
 * A Typebar server of a few lines, for the tests of the page alone: keeps everything in memory, answers from a script,
 * and lets a test cut connections. It speaks PROTOCOL.md as far as the page needs it. Started by test/page/.
 */

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import type { ChatRequest, Chunk, Conversation, Message, MessagePart, TerminalState } from "@typebar/chat/protocol";

/** What is said to a question; `answerTo` is called with its text. */
export interface Script {
  /** Of an asynchronous one a test decides when each piece is said. */
  chunks: Iterable<string> | AsyncIterable<string>;
  reasoning?: string;
  /** Called after the text. */
  tool?: { name: string; input: Record<string, unknown> };
  sources?: { url: string; title: string }[];
  delayMs: number;
  end?: { state: TerminalState; code?: "provider-unavailable"; finishReason?: "stop" | "length" };
}

interface Run {
  id: string;
  message: Message;
  conversation: Conversation;
  blocks: { name: string; data: string }[];
  stopped: boolean;
  followers: Set<() => void>;
}

export interface ScriptedServer {
  url: string;
  /** Ends every open event stream in the middle. */
  cut(): void;
  /** Refuses everything for as long as it is set. */
  down: boolean;
  /** Requests to the chat endpoint that started an answer. */
  readonly starts: number;
  close(): Promise<void>;
}

const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const diagramCsp =
  "sandbox allow-scripts; default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
const mediaTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".webmanifest": "application/manifest+json",
};

export interface ScriptedOptions {
  answerTo(text: string): Script;
  /** Folder of the built page. @defaultValue dist/ */
  page?: string;
  /** @defaultValue 0: any free one */
  port?: number;
}

export async function startScriptedServer({
  answerTo,
  page = join(import.meta.dirname, "../dist"),
  port = 0,
}: ScriptedOptions): Promise<ScriptedServer> {
  const conversations = new Map<string, Conversation>();
  const runs = new Map<string, Run>();
  const keys = new Map<string, string>();
  const streams = new Set<ServerResponse>();
  let down = false;
  let starts = 0;

  function begin(request: ChatRequest): Run {
    const now = new Date().toISOString();
    const title = (request.message ?? "").slice(0, 60);
    const conversation = conversations.get(request.conversationId ?? "") ?? {
      id: newId(),
      title,
      pinned: false,
      systemPrompt: null,
      createdAt: now,
      updatedAt: now,
      messages: [],
      generationId: null,
    };
    conversations.set(conversation.id, conversation);
    conversation.updatedAt = now;
    const kept = change(conversation, request, now);
    const run: Run = {
      id: newId(),
      message: {
        id: newId(),
        parentId: conversation.messages.at(-1)?.id ?? null,
        role: "assistant",
        parts: [],
        createdAt: now,
      },
      conversation,
      blocks: [],
      stopped: false,
      followers: new Set(),
    };
    conversation.messages.push(run.message);
    conversation.generationId = run.id;
    runs.set(run.id, run);
    const question = conversation.messages.findLast((message) => message.role === "user");
    const text = question?.parts[0]?.type === "text" ? question.parts[0].text : "";
    void produce(run, answerTo(text), kept);
    return run;
  }

  /** @returns the text that a continued answer begins with. */
  function change(conversation: Conversation, request: ChatRequest, now: string): string {
    if (request.trigger === "regenerate-message" || request.trigger === "continue-message") {
      const old = conversation.messages.pop();
      const text = old?.parts.find((part) => part.type === "text");
      return request.trigger === "continue-message" && text?.type === "text" ? text.text : "";
    }
    conversation.messages.push({
      id: newId(),
      parentId: conversation.messages.at(-1)?.id ?? null,
      role: "user",
      parts: [{ type: "text", text: request.message ?? "" }],
      createdAt: now,
    });
    return "";
  }

  async function produce(run: Run, script: Script, kept: string): Promise<void> {
    starts += 1;
    const model = "scripted/one";
    const add = (chunk: Chunk): void => {
      run.blocks.push({ name: "message", data: JSON.stringify(chunk) });
      for (const wake of run.followers) wake();
    };
    let text = kept;
    run.message.metadata = { generationId: run.id, model, state: "running" };
    const { id: conversationId } = run.conversation;
    add({ type: "start", messageId: run.message.id, messageMetadata: { conversationId, generationId: run.id, model } });
    if (script.reasoning !== undefined) {
      add({ type: "reasoning-start", id: "r0" });
      for (const delta of script.reasoning.split(/(?<= )/u)) {
        await pause(script.delayMs);
        add({ type: "reasoning-delta", id: "r0", delta });
      }
      add({ type: "reasoning-end", id: "r0" });
    }
    add({ type: "text-start", id: "t0" });
    if (kept !== "") add({ type: "text-delta", id: "t0", delta: kept });
    for await (const delta of script.chunks) {
      await pause(script.delayMs);
      if (run.stopped) break;
      text += delta;
      add({ type: "text-delta", id: "t0", delta });
    }
    add({ type: "text-end", id: "t0" });
    const { name: toolName, input } = script.tool ?? {};
    const tools: MessagePart[] = [];
    if (toolName !== undefined) {
      const toolCallId = newId();
      add({ type: "tool-input-start", toolCallId, toolName });
      for (const inputTextDelta of JSON.stringify(input).match(/.{1,9}/gsu) ?? []) {
        await pause(script.delayMs);
        add({ type: "tool-input-delta", toolCallId, inputTextDelta });
      }
      add({ type: "tool-input-available", toolCallId, toolName, input });
      tools.push({ type: `tool-${toolName}`, toolCallId, state: "input-available", input });
    }
    const sources = (script.sources ?? []).map(({ url, title }, index) => ({
      type: "source-url" as const,
      sourceId: `s${index}`,
      url,
      title,
    }));
    for (const source of sources) add(source);
    const end = run.stopped
      ? { state: "stopped" as const }
      : (script.end ?? { state: "completed" as const, finishReason: "stop" as const });
    run.message.parts = [{ type: "text", text }, ...tools, ...sources];
    run.message.metadata = { generationId: run.id, model, ...end };
    run.conversation.generationId = null;
    add({ type: "message-metadata", messageMetadata: end });
    if (end.state === "completed") add({ type: "finish" });
    else if (end.state === "stopped") add({ type: "abort" });
    else add({ type: "error", errorText: "The scripted model failed" });
    run.blocks.push({ name: "close", data: "[DONE]" });
    for (const wake of run.followers) wake();
  }

  async function follow(run: Run, request: IncomingMessage, response: ServerResponse): Promise<void> {
    let at = Number(String(request.headers["last-event-id"] ?? "").split(".")[1] ?? 0);
    response.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-cache, no-store",
    });
    response.write("retry: 300\n:\n");
    streams.add(response);
    let wake: (() => void) | undefined;
    const woken = (): void => wake?.();
    run.followers.add(woken);
    response.on("close", () => {
      streams.delete(response);
      run.followers.delete(woken);
      woken();
    });
    while (!response.destroyed) {
      for (const block of run.blocks.slice(at)) {
        at += 1;
        response.write(
          `${block.name === "message" ? "" : `event: ${block.name}\n`}data: ${block.data}\nid: ${run.id}:1.${at}\n\n`,
        );
        if (block.name === "close") response.end();
      }
      if (response.writableEnded) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, api, kind, id, action] = pathname.split("/");
    if (down) return void request.socket.destroy();
    if (api !== "api") return serveFile(page, pathname, response);
    if (kind === "chat" && request.method === "POST") {
      const key = String(request.headers["idempotency-key"] ?? newId());
      const body = JSON.parse(await readBody(request)) as ChatRequest;
      const busy = conversations.get(body.conversationId ?? "")?.generationId;
      if (typeof busy === "string" && !keys.has(key)) {
        const problem = {
          type: "about:blank",
          title: "Busy",
          status: 409,
          code: "conversation-busy",
          generationId: busy,
        };
        return sendJson(response, 409, problem);
      }
      const run = runs.get(keys.get(key) ?? "") ?? begin(body);
      keys.set(key, run.id);
      return follow(run, request, response);
    }
    const run = runs.get(id ?? "");
    if (kind === "generations" && run !== undefined && action === "events") return follow(run, request, response);
    if (kind === "generations" && run !== undefined && action === "stop") {
      run.stopped = true;
      return sendJson(response, 202, { id: run.id, state: "running" });
    }
    if (kind === "models") {
      const models = [
        { id: "guide/guide", name: "Guide", provider: "guide", kind: "guide", input: ["text"], attachments: false },
        {
          id: "scripted/one",
          name: "Scripted one",
          provider: "scripted",
          kind: "language-model",
          input: ["text"],
          attachments: true,
        },
      ];
      return sendJson(response, 200, { models, default: "guide/guide" });
    }
    if (kind === "conversations") return answerConversations(request, response, id);
    return sendJson(response, 404, { type: "about:blank", title: "Not found", status: 404, code: "not-found" });
  }

  async function answerConversations(
    request: IncomingMessage,
    response: ServerResponse,
    id: string | undefined,
  ): Promise<void> {
    if (id === undefined) {
      const all = [...conversations.values()].map(
        ({ messages: _messages, generationId: _generationId, ...summary }) => summary,
      );
      return sendJson(response, 200, { conversations: all.toReversed(), nextCursor: null });
    }
    const conversation = conversations.get(id);
    if (conversation === undefined) {
      return sendJson(response, 404, { type: "about:blank", title: "Not found", status: 404, code: "not-found" });
    }
    if (request.method === "PATCH") {
      conversation.title = (JSON.parse(await readBody(request)) as { title: string }).title;
    } else if (request.method === "DELETE") {
      conversations.delete(id);
      response.writeHead(204).end();
      return;
    }
    sendJson(response, 200, conversation);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await listen(server, port);
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : port}`,
    cut() {
      for (const response of streams) response.destroy();
    },
    get down() {
      return down;
    },
    set down(value) {
      down = value;
      if (value) server.closeAllConnections();
    },
    get starts() {
      return starts;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serveFile(root: string, pathname: string, response: ServerResponse): Promise<void> {
  const wanted = extname(pathname) === "" ? "/index.html" : normalize(pathname);
  const body = await readFile(join(root, wanted));
  response.writeHead(200, {
    "Content-Type": mediaTypes[extname(wanted)] ?? "application/octet-stream",
    ...(wanted.startsWith("/diagram/")
      ? { "Content-Security-Policy": diagramCsp, "Access-Control-Allow-Origin": "*" }
      : { "Content-Security-Policy": csp }),
    "X-Content-Type-Options": "nosniff",
  });
  response.end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
  return body;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json" });
  response.end(JSON.stringify(body));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
}

function newId(): string {
  return randomBytes(15).toString("base64url");
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
