/** Text -> a paced OpenAI chat stream, whole or broken on purpose. Called by scripted-chat.ts. */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Random } from "./random.ts";
import { cutIntoDeltas, type ScriptFault } from "./scripted-answer.ts";
import { parseCalls } from "./scripted-calls.ts";
import type { ScriptedRequest } from "./scripted-state.ts";

interface SenderOptions {
  delayMs: number;
  firstDelayMs: number;
  deltas: number | undefined;
  random: Random;
  /** Whether the client asked for a stream. */
  streams: boolean;
  reasoning: string;
  text: string;
  fault: ScriptFault | undefined;
  holdAfterDeltas: number | undefined;
  released: () => Promise<unknown>;
  /** Aborted when the client went away. */
  signal: AbortSignal;
  changed: () => void;
}

interface Sender {
  send(): Promise<ScriptedRequest["outcome"]>;
}

export function createSender(response: ServerResponse, request: ScriptedRequest, options: SenderOptions): Sender {
  const { fault, signal } = options;
  const id = "chatcmpl-scripted";
  const head = { id, object: "chat.completion.chunk", created: 1_700_000_000, model: request.model };
  const toBlock = (delta: Record<string, unknown>, finishReason: string | null = null): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;

  const write = async (text: string): Promise<void> => {
    if (!response.write(text)) await once(response, "drain", { signal });
  };

  const sendDeltas = async (field: "content" | "reasoning_content", deltas: string[]): Promise<void> => {
    for (const delta of deltas) {
      if (options.delayMs > 0) await sleep(options.delayMs, undefined, { signal });
      else await nextTurn(undefined, { signal });
      await write(toBlock({ [field]: delta }));
      request.deltasSent += 1;
      request.lastDeltaAtMs = Date.now();
      if (field === "content") request.textSent += delta;
      options.changed();
      if (options.holdAfterDeltas === request.deltasSent) await options.released();
    }
  };

  const calls = parseCalls(request.key);
  const finishReason = calls.length > 0 ? "tool_calls" : "stop";

  const sendCalls = async (): Promise<void> => {
    for (const [index, { id: callId, name, arguments: text }] of calls.entries()) {
      const begin = { index, id: callId, type: "function", function: { name, arguments: "" } };
      await write(toBlock({ tool_calls: [begin] }));
      for (const piece of cutIntoDeltas(text, undefined, options.random)) {
        await nextTurn(undefined, { signal });
        await write(toBlock({ tool_calls: [{ index, function: { arguments: piece } }] }));
      }
    }
  };

  /** Ends a stream the way the fault wants it, half-way through its deltas. */
  const breakOff = async (next: string): Promise<void> => {
    if (fault === "half") {
      const block = toBlock({ content: next });
      await write(block.slice(0, Math.floor(block.length / 2)));
      await once(response, "close");
    } else if (fault === "error-midstream") {
      const error = { message: "secret-upstream exploded at line 1", type: "server_error", param: null, code: 500 };
      response.end(`data: ${JSON.stringify({ error })}\n\n`);
    } else if (fault === "reset") {
      // What was written must reach the client before the reset discards it.
      await sleep(20);
      response.socket?.resetAndDestroy();
    } else {
      response.end();
    }
  };

  const sendStream = async (): Promise<ScriptedRequest["outcome"]> => {
    response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache" });
    response.flushHeaders();
    if (fault === "silence") {
      await once(response, "close");
      return "faulted";
    }
    if (fault === "empty") {
      response.end();
      return "faulted";
    }
    if (options.firstDelayMs > 0) await sleep(options.firstDelayMs, undefined, { signal });
    await write(toBlock({ role: "assistant", content: "" }));
    await sendDeltas("reasoning_content", cutIntoDeltas(options.reasoning, undefined, options.random));
    const deltas = cutIntoDeltas(options.text, options.deltas, options.random);
    if (fault !== undefined) {
      const half = Math.floor(deltas.length / 2);
      await sendDeltas("content", deltas.slice(0, half));
      await breakOff(deltas[half] ?? "");
      return "faulted";
    }
    await sendDeltas("content", deltas);
    await sendCalls();
    await write(toBlock({}, finishReason));
    if (asksForUsage(request.body["stream_options"]))
      await write(`data: ${JSON.stringify({ ...head, choices: [], usage: usage() })}\n\n`);
    response.end("data: [DONE]\n\n");
    return "completed";
  };

  const sendWhole = (): ScriptedRequest["outcome"] => {
    const message = {
      role: "assistant",
      content: options.text,
      ...(options.reasoning === "" ? {} : { reasoning_content: options.reasoning }),
    };
    response.writeHead(200, { "Content-Type": "application/json" });
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage: usage() }));
    request.textSent = options.text;
    return "completed";
  };

  const usage = (): Record<string, unknown> => ({
    prompt_tokens: request.key.length,
    completion_tokens: request.deltasSent,
    total_tokens: request.key.length + request.deltasSent,
  });

  return {
    send: async () => {
      try {
        return options.streams ? await sendStream() : sendWhole();
      } catch (error) {
        if (signal.aborted) return "aborted";
        throw error;
      }
    },
  };
}

function asksForUsage(streamOptions: unknown): boolean {
  return typeof streamOptions === "object" && streamOptions !== null && "include_usage" in streamOptions
    ? streamOptions.include_usage === true
    : false;
}
