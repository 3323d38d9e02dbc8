/** The two front ends that everybody copies, written just so, against a server with a password: they work as they are. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChromium, scriptedAnswer } from "../../src/index.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";
import { bundleFetchEventSource } from "./fetch-event-source-script.ts";
import { readSnippets } from "./snippets.ts";

const password = "correct horse battery staple";

/** What a page shows. */
interface Shown {
  messages: { type: string; delta?: string }[];
  rejections: string[];
}

let browser: Browser;
let world: ClientWorld;
beforeAll(async () => {
  [browser, world] = await Promise.all([openChromium(), openClientWorld({ TYPEBAR_PASSWORD: password })]);
});
afterAll(() => Promise.all([browser?.close(), world?.[Symbol.asyncDispose]()]));

async function openPage(): Promise<Page> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${world.server.url}/livez`);
  return page;
}

/** Runs a front end as it stands in the documentation; it finds `message`, `token` and `show` around it. */
async function run(page: Page, code: string, message: string, token = ""): Promise<void> {
  await page.evaluate(`{
    globalThis.shown = { messages: [], rejections: [] };
    addEventListener("unhandledrejection", ({ reason }) => shown.rejections.push(String(reason)));
    const message = ${JSON.stringify(message)};
    const token = ${JSON.stringify(token)};
    const show = (chunk) => shown.messages.push(chunk);
    const fetchEventSource = globalThis.FetchEventSource?.fetchEventSource;
    (() => {\n${code}\n})();
  }`);
}

function readShown(page: Page): Promise<Shown> {
  return page.evaluate(() => (globalThis as unknown as { shown: Shown }).shown);
}

/** One answer, whole, by one request, and nothing after its end. */
async function expectWhole(page: Page, question: string, requests: string[]): Promise<void> {
  await expect.poll(async () => (await readShown(page)).messages.at(-1)?.type, { timeout: 20_000 }).toBe("finish");
  // An attempt to reconnect would come after the server's reconnection time.
  await page.waitForTimeout(1500);
  const { messages, rejections } = await readShown(page);
  expect(messages.map(({ delta }) => delta ?? "").join("")).toBe(scriptedAnswer(question));
  expect(messages.filter(({ type }) => type === "start" || type === "finish")).toHaveLength(2);
  expect(rejections).toEqual([]);
  expect(requests).toHaveLength(1);
  world.expectAskedOnce(question);
}

function recordRequests(page: Page): string[] {
  const requests: string[] = [];
  page.on("request", (request) => void requests.push(`${request.method()} ${request.url()}`));
  return requests;
}

describe("the pages that everybody copies", () => {
  it("new EventSource with onmessage, an onerror that closes and a close listener", async () => {
    const question = "script:mixed:1:700 deltas:70 delay:5";
    const page = await openPage();
    await page.request.post(`${world.server.url}/sign-in`, { form: { password } });
    const requests = recordRequests(page);
    const [code = ""] = readSnippets("EventSource, as everybody writes it");
    await run(page, code, question);
    await expectWhole(page, question, requests);
    await page.context().close();
  });

  it("fetchEventSource with a POST, a token header, abort at close and an onerror that throws", async () => {
    const question = "script:mixed:2:700 deltas:70 delay:5";
    const page = await openPage();
    await page.evaluate(await bundleFetchEventSource());
    const requests = recordRequests(page);
    const [code = ""] = readSnippets("fetch-event-source with a token");
    await run(page, code, question, password);
    await expectWhole(page, question, requests);
    await page.context().close();
  });

  it("fetchEventSource with a wrong token is told so once, and asks nothing", async () => {
    const page = await openPage();
    await page.evaluate(await bundleFetchEventSource());
    const requests = recordRequests(page);
    const [code = ""] = readSnippets("fetch-event-source with a token");
    await run(page, code, "Hello", "wrong");
    await expect.poll(async () => (await readShown(page)).rejections.length).toBe(1);
    expect(requests).toHaveLength(1);
    expect(world.model.count("Hello")).toBe(0);
    await page.context().close();
  });
});
