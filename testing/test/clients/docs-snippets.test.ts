/** The examples of the page "Bring your own client" that need no browser, run as they are printed. */
import type { ChatTransport, UIMessage } from "ai";
import * as aiSdk from "ai";
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text as readText } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFaultyProxy, scriptedAnswer } from "../../src/index.ts";
import { parseBlocks } from "../faults/blocks.ts";
import { judge, wholeAnswer } from "../faults/verdict.ts";
import { aiSdks, createHeadlessChat, type HeadlessChat, lastText } from "./ai-sdks.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";
import { readAllSnippets, readSnippets } from "./snippets.ts";

/** Below a `node_modules` that has what the examples import. */
const cacheDir = join(import.meta.dirname, "../../../node_modules/.cache/typebar-snippets");

let world: ClientWorld;
beforeAll(async () => void (world = await openClientWorld()));
afterAll(() => world[Symbol.asyncDispose]());

/** An example's code, with the test's server and question in the places of the printed ones. */
function place(code: string, question = "Hello"): string {
  return code.replaceAll("http://127.0.0.1:8787", world.server.url).replaceAll('"Hello"', JSON.stringify(question));
}

async function writeModule(name: string, code: string): Promise<string> {
  const path = join(cacheDir, `${name}.mjs`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, code);
  return path;
}

async function run(command: string, args: string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { output: await readText(child.stdout), exitCode: await ended };
}

describe("Bring your own client", () => {
  it("has the same code in both languages", () => {
    expect([...readAllSnippets("zh-CN").values()]).toEqual([...readAllSnippets("en").values()]);
  });

  it.each(["Package eventsource in Node", "Package openai"])("%s: prints the whole answer", async (heading) => {
    const question = `script:mixed:1:400:${heading.length} deltas:40`;
    const [code = ""] = readSnippets(heading);
    const path = await writeModule(heading.replaceAll(" ", "-"), place(code, question));
    expect(await run(process.execPath, [path])).toEqual({ exitCode: 0, output: scriptedAnswer(question) });
    world.expectAskedOnce(question);
  });

  it.each([
    ["AI SDK: useChat without any library of ours", "stock-snippet"],
    ["AI SDK with @typebar/ai-sdk", "my-conversation"],
  ])("%s: the transport answers, one question after the other", async (heading, id) => {
    const [code = ""] = readSnippets(heading);
    const path = await writeModule(id, `${place(code)}\nexport { transport };\n`);
    const { transport }: { transport: ChatTransport<UIMessage> } = await import(pathToFileURL(path).href);
    const chat = createHeadlessChat(aiSdk, { id, transport });
    for (const question of [`script:mixed:3:400:${id}`, `script:plain:4:90:${id}`]) {
      await chat.sendMessage({ text: question });
      expect(chat.error).toBeUndefined();
      expect(lastText(chat)).toBe(scriptedAnswer(question));
      world.expectAskedOnce(question);
    }
    expect(chat.messages).toHaveLength(4);
  });

  it.each(aiSdks)("AI SDK $version comes back to an answer that runs, and to one that has ended", async (sdk) => {
    const [, code = ""] = readSnippets("AI SDK: useChat without any library of ours");
    const path = await writeModule("come-back", `${place(code)}\nexport { comeBack };\n`);
    const { comeBack }: { comeBack: (chat: object) => Promise<void> } = await import(pathToFileURL(path).href);
    const id = `come-back-${sdk.version}`;
    const question = `script:mixed:6:600:${id} deltas:60 hold:30`;
    const loaded = await sdk.load();
    await using proxy = await openFaultyProxy({ target: world.server, seed: sdk.version });
    const direct = new loaded.DefaultChatTransport({ api: `${world.server.url}/api/chat` });
    const asking = createHeadlessChat(loaded, {
      id,
      transport: new loaded.DefaultChatTransport({ api: `${proxy.url}/api/chat` }),
    });
    const asked = asking.sendMessage({ text: question });
    await expect.poll(() => lastText(asking).length).toBeGreaterThan(100);
    proxy.cutAll();
    await asked;
    const hookOf = (chat: HeadlessChat): object => ({
      id,
      setMessages: (messages: UIMessage[]) => void (chat.messages = messages),
      resumeStream: () => chat.resumeStream(),
    });
    const chat = createHeadlessChat(loaded, { id, transport: direct, messages: asking.messages });
    const back = comeBack(hookOf(chat));
    await expect.poll(() => chat.status).toBe("streaming");
    world.model.release(question);
    await back;
    expect(lastText(chat)).toBe(scriptedAnswer(question));
    await comeBack(hookOf(asking));
    expect(lastText(asking)).toBe(scriptedAnswer(question));
    expect([chat, asking].map(({ messages }) => messages.length)).toEqual([2, 2]);
    world.expectAskedOnce(question);
  });

  it("Command line with curl: prints the whole answer, and the rest after an ID", async () => {
    const question = "script:mixed:5:400 deltas:40";
    const [ask = "", askForRest = ""] = readSnippets("Command line with curl");
    const asked = await run("sh", ["-c", place(ask, question)]);
    const events = parseBlocks(Buffer.from(asked.output));
    expect(judge(events)).toEqual(wholeAnswer(scriptedAnswer(question)));

    const lastEventId = events[2]?.id ?? "";
    const [generationId = ""] = lastEventId.split(":");
    const command = place(askForRest).replace("GENERATION_ID", generationId).replace("LAST_ID", lastEventId);
    const rest = await run("sh", ["-c", command]);
    expect(judge([...events.slice(0, 3), ...parseBlocks(Buffer.from(rest.output))])).toEqual(
      wholeAnswer(scriptedAnswer(question)),
    );
    world.expectAskedOnce(question);
  });
});
