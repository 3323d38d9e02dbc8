/** More connections than the server may have files, or than it can accept for now: it stays, and serves those that it has room for. */
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "../../src/index.ts";
import { parseBlocks } from "./blocks.ts";
import { requestRaw } from "./raw-request.ts";
import { judge, wholeAnswer } from "./verdict.ts";

let model: ScriptedModel;
beforeEach(async () => void (model = await openScriptedModel()));
afterEach(() => model.close());

function openServer(openFilesLimit?: number): Promise<TypebarProcess> {
  return openTypebarProcess({
    ...(openFilesLimit !== undefined && { openFilesLimit }),
    env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_LOG_LEVEL: "info" },
  });
}

/** Connects and says nothing, so many times; waits until the server has accepted or refused each. */
async function crowdIn(port: number, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(port, "127.0.0.1").resume();
    return socket.on("error", () => undefined);
  });
  for (let before = -1, staying = 0; before !== staying || staying === 0; await sleep(100)) {
    before = staying;
    staying = countStaying(sockets);
  }
  return sockets;
}

function countStaying(sockets: readonly Socket[]): number {
  return sockets.filter(({ connecting, readable }) => !connecting && readable).length;
}

/** Asks over the one connection that `agent` keeps. */
async function ask(url: string, message: string, agent: Agent): Promise<ReturnType<typeof judge>> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  request(
    `${url}/api/chat`,
    { method: "POST", headers, agent },
    (response) => void buffer(response).then(resolve, reject),
  )
    .on("error", reject)
    .end(JSON.stringify({ message }));
  return judge(parseBlocks(await promise));
}

async function readPath(agent: Agent, url: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  request(url, { agent }, (response) => response.resume().on("end", () => resolve(response.statusCode)))
    .on("error", reject)
    .end();
  return promise;
}

describe("more connections than files", () => {
  const openFilesLimit = 64;
  const message = "script:mixed:7:60 delay:1";

  it("refuses those that are too many, and says so; those inside it answers as ever", { timeout: 60_000 }, async () => {
    await using typebar = await openServer(openFilesLimit);
    using inside = keepOne();
    expect(await readPath(inside.agent, `${typebar.url}/livez`)).toBe(200);

    const crowd = await crowdIn(typebar.port, 200);
    expect(countStaying(crowd)).toBeLessThan(openFilesLimit);
    // A request to the model and all that the store does need files as well.
    expect(await ask(typebar.url, message, inside.agent)).toEqual(wholeAnswer(scriptedAnswer(message)));
    expect(await readPath(inside.agent, `${typebar.url}/readyz`)).toBe(200);
    expect(typebar.output).toContain("connections are refused");
    for (const socket of crowd) socket.destroy();
  });

  it("serves again when some have left", { timeout: 60_000 }, async () => {
    await using typebar = await openServer(openFilesLimit);
    const crowd = await crowdIn(typebar.port, 200);
    expect((await requestRaw({ url: `${typebar.url}/livez` })).status).toBeUndefined();
    for (const socket of crowd) socket.destroy();
    await expect.poll(async () => (await requestRaw({ url: `${typebar.url}/livez` })).status).toBe(200);
    using inside = keepOne();
    expect(await ask(typebar.url, message, inside.agent)).toEqual(wholeAnswer(scriptedAnswer(message)));
    expect(typebar.output).not.toContain('"level":60');
  });
});

describe("a server that accepts nothing for a while", () => {
  it("finds those who came meanwhile in the queue, and answers all of them", { timeout: 60_000 }, async () => {
    await using typebar = await openServer();
    process.kill(typebar.pid ?? 0, "SIGSTOP");
    const answers = Array.from({ length: 600 }, () => requestRaw({ url: `${typebar.url}/livez`, silenceMs: 30_000 }));
    await sleep(500);
    process.kill(typebar.pid ?? 0, "SIGCONT");
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });
});

/** One connection, kept open between requests. */
function keepOne(): Disposable & { agent: Agent } {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return { agent, [Symbol.dispose]: () => agent.destroy() };
}
