/** The programs of the page "One stream to many, in your own server", and of the package's page, run as they are printed. */
import { spawn } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { EventSource } from "eventsource";
import { afterAll, describe, expect, it } from "vitest";

const rootDir = join(import.meta.dirname, "../..");
/** Below a `node_modules` that has what the programs import. */
const cacheDir = join(rootDir, "node_modules/.cache/typebar-hub-page");
const pages = { en: await readSections("docs/en/hub.md"), "zh-CN": await readSections("docs/zh-CN/hub.md") };
const packagePage = (await readSections("packages/server/README.md")).flat();

afterAll(() => rm(cacheDir, { recursive: true, force: true }));

/** Code blocks of each section of a page, in order. */
async function readSections(path: string): Promise<string[][]> {
  const page = await readFile(join(rootDir, path), "utf8");
  return page
    .split(/^## /mu)
    .slice(1)
    .map((section) => Array.from(section.matchAll(/^```\w+\n([\s\S]*?)^```$/gmu), ([, code]) => code ?? ""));
}

/** The only block that has such a line in it. */
function findCode(pattern: RegExp): string {
  const found = pages.en.flat().filter((code) => pattern.test(code));
  if (found.length !== 1) throw new Error(`${found.length} blocks have ${pattern}`);
  return found[0] ?? "";
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Program extends AsyncDisposable {
  url: string;
}

/** Runs a program of the page beside `hub.mjs`; it listens when this settles. */
async function openProgram(code: string, port: number): Promise<Program> {
  const dir = join(cacheDir, String(port));
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "hub.mjs"), findCode(/^export const hub/m));
  await writeFile(join(dir, "server.mjs"), code.replace("8080", String(port)));
  const child = spawn(process.execPath, ["--conditions", "typebar-source", join(dir, "server.mjs")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  let isOver = false;
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => {
      isOver = true;
      resolve();
    });
  });
  const url = `http://127.0.0.1:${port}`;
  for (;;) {
    if (isOver) throw new Error(`The program ended before it listened:\n${code}`);
    const answer = await fetch(`${url}/events`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer) break;
    await sleep(50);
  }
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

type BrowserCode = (
  EventSourceClass: typeof EventSource,
  show: (...row: unknown[]) => void,
  clear: () => void,
) => EventSource;

/** Runs the page's own code for a browser; `shown` holds what it shows now, `clearCount` how often it cleared that. */
async function runBrowserCode(
  url: string,
): Promise<{ shown: unknown[][]; clearCount: () => number; source: EventSource }> {
  const code = findCode(/^source\.addEventListener\("rate"/m).replace('"/events"', JSON.stringify(`${url}/events`));
  const path = join(cacheDir, new URL(url).port, "page.mjs");
  await writeFile(path, `export function run(EventSource, show, clear) {\n${code}\nreturn source;\n}\n`);
  const { run } = (await import(pathToFileURL(path).href)) as { run: BrowserCode };
  const shown: unknown[][] = [];
  let clearCount = 0;
  const clear = (): void => {
    clearCount += 1;
    shown.length = 0;
  };
  const source = run(EventSource, (...row) => shown.push(row), clear);
  return { shown, clearCount: () => clearCount, source };
}

describe.concurrent("One stream to many, in your own server", () => {
  it("has the same code in both languages", () => {
    expect(pages["zh-CN"]).toEqual(pages.en);
  });

  it.for([
    { name: "Node's http", pattern: /^const server = .*\n.* hub\.handle\(.*history/m },
    { name: "Express", pattern: /^import express/m },
    { name: "Fastify", pattern: /^import fastify/m },
    { name: "Koa", pattern: /^import Koa/m },
    { name: "Hono on Node", pattern: /^import \{ Hono \}/m },
    { name: "a web-standard Response", pattern: /hub\.respond/ },
  ])(
    "$name: the page's EventSource shows what is published, and again after the process has ended",
    async ({ pattern }, { expect }) => {
      const port = await findFreePort();
      const first = await openProgram(findCode(pattern), port);
      const { shown, clearCount, source } = await runBrowserCode(first.url);
      try {
        await expect.poll(() => shown.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
        expect(shown[0]).toEqual(["EUR/USD", expect.any(Number)]);
        await first[Symbol.asyncDispose]();
        await using second = await openProgram(findCode(pattern), port);
        expect(second.url).toBe(first.url);
        await expect.poll(clearCount, { timeout: 15_000 }).toBe(1);
        await expect.poll(() => shown.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      } finally {
        source.close();
        await first[Symbol.asyncDispose]();
      }
    },
  );

  it("rights and presence: each follows what is theirs, and the lobby says who is there", async () => {
    await using program = await openProgram(findCode(/^ {2}authorize:/m), await findFreePort());
    const { url } = program;
    // No address ends the program.
    for (const path of ["//", "/?channel=%00", "/?"]) expect((await fetch(`${url}${path}`)).status).toBe(400);
    expect((await fetch(`${url}/?channel=user-anna`)).status).toBe(403);
    expect((await fetch(`${url}/?channel=user-bert&token=token-of-anna`)).status).toBe(403);
    const source = new EventSource(`${url}/?channel=lobby&channel=user-anna&token=token-of-anna`);
    try {
      const presence = await new Promise<unknown>((resolve) => {
        source.addEventListener("presence", ({ data }) => resolve(JSON.parse(String(data))));
      });
      expect(presence).toEqual({ count: 1, joined: ["anna"], left: [] });
    } finally {
      source.close();
    }
  });

  it("without a hub: sends to its one client, and ends", async () => {
    await using program = await openProgram(findCode(/createDirectConnections\(\)/), await findFreePort());
    const body = await (await fetch(program.url)).text();
    expect(Array.from(body.matchAll(/^event: (.*)\ndata: (.*)$/gm), ([, event, data]) => [event, data])).toEqual([
      ["step", "1"],
      ["step", "2"],
      ["step", "3"],
    ]);
  });

  it.for([
    { name: "createHub", event: /^event: rate\ndata: \{"pair"/m },
    { name: "createDirectConnections", event: /^event: step\ndata: 1\nid: 1$/m },
    { name: "createEventStreams", event: /^data: hello$/m },
  ])("$name: the package's page sends what it says", async ({ name, event }, { expect }) => {
    const [code, ...others] = packagePage.filter((each) => each.includes(`= ${name}(`));
    expect(others).toEqual([]);
    await using program = await openProgram(code ?? "", await findFreePort());
    const response = await fetch(program.url);
    let body = "";
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      body += text;
      if (event.test(body)) break;
    }
    expect(body).toMatch(event);
  });
});
