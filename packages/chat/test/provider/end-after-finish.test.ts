import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createOpenAICompatibleProvider } from "../../src/provider/index.ts";
import { collect, toFailure } from "./collect.ts";
import { openWireServer, type WireHandler } from "./wire-server.ts";

const finishGraceMs = 100;

function chunk(delta: object, rest: object = {}): string {
  const choices = [{ index: 0, delta, finish_reason: null, ...rest }];
  return `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices })}\n\n`;
}

const usage = `data: ${JSON.stringify({ id: "c", choices: [], usage: { prompt_tokens: 3, completion_tokens: 5 } })}\n\n`;
const finish = chunk({}, { finish_reason: "stop" });

/** Says so much in pieces of some bytes, and then neither ends nor says more. */
function sayAndHang(text: string, pieceBytes: number): WireHandler {
  return async (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (let at = 0; at < text.length; at += pieceBytes) {
      response.write(text.slice(at, at + pieceBytes));
      await pause(0);
    }
  };
}

describe("an upstream that says why it finished, and does not end", () => {
  it.each([
    ["at once", 10_000, finish],
    ["cut in two", 7, finish],
    ["with a space, as some servers write it", 10_000, finish.replace('"finish_reason":', '"finish_reason": ')],
  ])("has given a whole answer, with its usage: %s", async (_name, pieceBytes, last) => {
    await using server = await openWireServer(sayAndHang(chunk({ content: "Hello" }) + last + usage, pieceBytes));
    const said = await collect(createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, finishGraceMs }));
    expect(said.error).toBeUndefined();
    expect(said.text).toBe("Hello");
    expect(said.finish).toMatchObject({ finishReason: "stop", usage: { inputTokens: 3, outputTokens: 5 } });
    expect(await server.requests[0]?.closed).toBe("aborted");
  });

  it("has given a whole answer even where something on the way goes on with comments", async () => {
    await using server = await openWireServer(async (response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(chunk({ content: "Hello" }) + finish);
      while (!response.destroyed) {
        response.write(": still here\n\n");
        await pause(20);
      }
    });
    const said = await collect(createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, finishGraceMs }));
    expect([said.error, said.text, said.finish?.finishReason]).toEqual([undefined, "Hello", "stop"]);
  });

  it("is waited for as long as it has not said so, even where the answer quotes a finish reason", async () => {
    const quoted = '{"finish_reason":"stop"} and "finish_reason": "stop"';
    await using server = await openWireServer(async (response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(chunk({ content: quoted }));
      await pause(finishGraceMs * 3);
      response.end(`${chunk({ content: ", said again" })}${finish}data: [DONE]\n\n`);
    });
    const said = await collect(createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, finishGraceMs }));
    expect(said.text).toBe(`${quoted}, said again`);
    expect(said.finish).toMatchObject({ finishReason: "stop" });
  });

  it("has still broken off if its connection breaks before that", async () => {
    await using server = await openWireServer(async (response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(chunk({ content: "Hello" }));
      await pause(20);
      response.destroy();
    });
    const said = await collect(createOpenAICompatibleProvider({ name: "some", baseUrl: server.url, finishGraceMs }));
    expect(toFailure(said.error).code).toBe("provider-unavailable");
  });
});
