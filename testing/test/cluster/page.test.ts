/** The chat page in Chromium, with three nodes behind the nginx that docs/deploy ships: whichever node the page gets, and whichever dies. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Cluster,
  type FrontProxy,
  openChromium,
  openCluster,
  openFrontProxy,
  openScriptedModel,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "../../src/index.ts";

const timeout = 90_000;
const waitMs = { timeout: 30_000 };
let browser: Browser;
let model: ScriptedModel;
let cluster: Cluster;
let proxy: FrontProxy;
let context: BrowserContext;
let complaints: string[];

beforeAll(async () => {
  [browser, model] = await Promise.all([openChromium(), openScriptedModel()]);
  cluster = await openCluster({
    env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_LOG_LEVEL: "debug" },
  });
  proxy = await openFrontProxy({ kind: "nginx", ports: cluster.nodes.map(({ port }) => port) });
}, timeout);
afterAll(async () => {
  await Promise.all([browser?.close(), proxy?.[Symbol.asyncDispose]()]);
  await cluster?.[Symbol.asyncDispose]();
  await model?.close();
}, timeout);
beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
  expect(model.violations).toEqual([]);
});

async function openPage(path = "/"): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(proxy.url + path);
  return page;
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByTestId("composer-input").fill(question);
  await page.getByTestId("send").click();
}

/** White space is left out: Markdown folds it. */
const squeeze = (text: string): string => text.replace(/\s+/g, "");

async function readAnswer(page: Page): Promise<string> {
  return squeeze((await page.getByTestId("answer-text").allTextContents()).at(-1) ?? "");
}

async function hasBegun(page: Page): Promise<void> {
  await expect.poll(async () => (await readAnswer(page)).length, waitMs).toBeGreaterThan(40);
}

function becomes(page: Page, state: string): Promise<void> {
  return expect.poll(() => page.getByTestId("message-assistant").last().getAttribute("data-state"), waitMs).toBe(state);
}

async function isWhole(page: Page, question: string): Promise<void> {
  await becomes(page, "completed");
  await expect.poll(() => readAnswer(page), waitMs).toBe(squeeze(scriptedAnswer(question)));
}

/** The node whose log says that it began, or went on with, an answer of this conversation, and not that one ended there. */
async function findWriter(page: Page): Promise<TypebarProcess> {
  const conversationId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  expect(conversationId).not.toBe("");
  const writers = cluster.nodes.filter(({ output }) => {
    const lines = output.split("\n").filter((line) => line.includes(conversationId) && line.includes("an answer "));
    return lines.at(-1)?.includes("an answer begins");
  });
  expect(writers.length).toBe(1);
  return writers[0] as TypebarProcess;
}

/** The node that the page follows the answer at, once it is reloaded: its log knows the ID of that request. */
async function reloadAndFindNode(page: Page): Promise<TypebarProcess> {
  const followed = page.waitForResponse((response) => /\/api\/generations\/[^/]+\/events/.test(response.url()), waitMs);
  await page.reload();
  const requestId = await (await followed).headerValue("X-Request-Id");
  expect(requestId).toMatch(/./);
  const knows = (node: TypebarProcess): boolean => node.output.includes(`"${requestId}"`);
  await expect.poll(() => cluster.nodes.some(knows), waitMs).toBe(true);
  return cluster.nodes.find(knows) as TypebarProcess;
}

describe("the page behind a balancer", () => {
  it("goes on with an answer at another node after a reload in its middle", { timeout }, async () => {
    const question = "script:plain:11:1500 deltas:150 hold:60 delay:10";
    const page = await openPage();
    await ask(page, question);
    await hasBegun(page);
    const writer = await findWriter(page);
    // The balancer takes turns, and the page asks for other things too.
    await expect.poll(async () => (await reloadAndFindNode(page)) === writer, waitMs).toBe(false);
    await hasBegun(page);
    model.release(question);
    await isWhole(page, question);
    expect(model.count(question)).toBe(1);
    await page.reload();
    await isWhole(page, question);
  });

  it("goes on with an answer whose node was killed, exact to the character", { timeout }, async () => {
    const question = "script:plain:12:2500 deltas:250 delay:25";
    const page = await openPage();
    await ask(page, question);
    await hasBegun(page);
    const writer = await findWriter(page);
    await writer.kill("SIGKILL");
    await isWhole(page, question);
    expect(model.count(question)).toBe(2);
    await page.reload();
    await isWhole(page, question);
    await writer.start();
  });

  it("stops an answer from another tab, at the same character in both", { timeout }, async () => {
    const question = "script:plain:13:1500 deltas:150 hold:60 delay:10";
    const page = await openPage();
    await ask(page, question);
    await hasBegun(page);
    const other = await openPage(new URL(page.url()).pathname);
    await hasBegun(other);
    await other.getByTestId("stop").click();
    await Promise.all([becomes(page, "stopped"), becomes(other, "stopped")]);
    await model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
    const text = await readAnswer(page);
    await expect.poll(() => readAnswer(other), waitMs).toBe(text);
    expect(squeeze(scriptedAnswer(question)).startsWith(text)).toBe(true);
  });
});
