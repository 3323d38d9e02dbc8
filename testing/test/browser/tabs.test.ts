/** The chat page in several tabs and on several devices, in a real Chromium over a real server and a scripted model. */
import {
  openChromium,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "@typebar/testing";
import type { Conversation, Message } from "@typebar/chat/protocol";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

let browser: Browser;
let model: ScriptedModel;
let server: TypebarProcess;
let here: BrowserContext;
const complaints: string[] = [];

beforeAll(async () => {
  // Pages are kept for the back button, as they are for people.
  browser = await openChromium([], ["--disable-back-forward-cache"]);
  model = await openScriptedModel();
  server = await openTypebarProcess({
    env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_MODEL: "scripted", TYPEBAR_TITLES: "words" },
  });
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
  await model?.close();
});
beforeEach(async () => {
  here = await browser.newContext({ locale: "en-GB" });
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
  expect(model.violations).toEqual([]);
});

async function openPage(path = "/", context = here): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Uncaught/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(server.url + path);
  await page.getByTestId("composer-input").waitFor();
  return page;
}

/** On a device of its own. */
async function openElsewhere(path = "/"): Promise<Page> {
  return openPage(path, await browser.newContext({ locale: "en-GB" }));
}

async function ask(page: Page, question: string): Promise<string> {
  await page.getByTestId("composer-input").fill(question);
  await page.getByTestId("send").click();
  await page.waitForURL(/\/c\/./);
  return new URL(page.url()).pathname;
}

/** White space is left out: Markdown folds it. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, "");
}

async function answerText(page: Page): Promise<string> {
  const answers = page.getByTestId("answer-text");
  return (await answers.count()) === 0 ? "" : squeeze((await answers.last().textContent()) ?? "");
}

async function hasBegun(page: Page, chars = 40): Promise<void> {
  await expect.poll(async () => (await answerText(page)).length, { timeout: 15_000 }).toBeGreaterThan(chars);
}

/** On the page as at the server. */
async function isWhole(page: Page, path: string, question: string): Promise<void> {
  await page.locator('[data-testid=message-assistant][data-state="completed"]').last().waitFor({ timeout: 30_000 });
  await expect.poll(() => answerText(page), { timeout: 10_000 }).toBe(squeeze(scriptedAnswer(question)));
  const [part] = (await messagesOf(path)).at(-1)?.parts ?? [];
  expect(part).toEqual({ type: "text", text: scriptedAnswer(question) });
}

async function messagesOf(path: string): Promise<Message[]> {
  const response = await fetch(`${server.url}/api/conversations/${path.slice(3)}`);
  return ((await response.json()) as Conversation).messages;
}

async function change(path: string, method: "PATCH" | "DELETE", body?: object): Promise<void> {
  const response = await fetch(`${server.url}/api/conversations/${path.slice(3)}`, {
    method,
    ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
}

async function countStreams(): Promise<number> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^typebar_open_streams (\d+)$/m.exec(metrics)?.[1]);
}

function titlesOf(page: Page): Promise<string[]> {
  return page.locator("[data-conversation] a").allInnerTexts();
}

describe("the same conversation in several places", () => {
  it("types in all of them: in a second tab, on another device, and when it is asked again", async () => {
    const question = "script:plain:1:900 deltas:90 hold:30";
    const first = await openPage();
    const path = await ask(first, question);
    const [tab, device] = await Promise.all([openPage(path), openElsewhere(path)]);
    for (const page of [first, tab, device]) await hasBegun(page);
    // The changes and the answer, in each of the two browsers.
    await expect.poll(countStreams).toBe(4);
    model.release(question);
    for (const page of [first, tab, device]) await isWhole(page, path, question);

    const second = "script:plain:2:900 deltas:90 hold:30";
    await device.getByTestId("composer-input").fill(second);
    await device.getByTestId("send").click();
    for (const page of [first, tab, device]) {
      await page.getByText(second, { exact: true }).waitFor();
      await hasBegun(page);
    }
    await expect.poll(countStreams).toBe(4);
    model.release(second);
    for (const page of [first, tab, device]) await isWhole(page, path, second);
    expect([model.count(question), model.count(second)]).toEqual([1, 1]);
  });

  it("shows a new one, another name, another branch, and that it was deleted, without being asked", async () => {
    const [watching, other] = await Promise.all([openPage(), openElsewhere()]);
    const question = "script:plain:3:200 deltas:20";
    const asking = await openPage();
    const path = await ask(asking, question);
    await isWhole(asking, path, question);
    for (const page of [watching, other])
      await expect.poll(() => titlesOf(page)).toContainEqual(expect.stringContaining("script:plain:3"));
    await change(path, "PATCH", { title: "Another name" });
    for (const page of [watching, other, asking]) {
      await expect.poll(() => titlesOf(page)).toContainEqual(expect.stringContaining("Another name"));
    }
    expect(await asking.title()).toBe("Another name · Typebar");

    const reader = await openElsewhere(path);
    await isWhole(reader, path, question);
    const [asked] = await messagesOf(path);
    const edited = "script:plain:6:200 deltas:20";
    const answered = await fetch(`${server.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message: edited, conversationId: path.slice(3), messageId: asked?.id }),
    });
    await answered.text();
    for (const page of [asking, reader]) {
      await page.getByText(edited, { exact: true }).waitFor();
      await isWhole(page, path, edited);
    }
    await change(path, "PATCH", { messageId: asked?.id });
    for (const page of [asking, reader]) {
      await page.getByText(question, { exact: true }).waitFor();
      await isWhole(page, path, question);
    }

    await change(path, "DELETE");
    for (const page of [watching, other, asking, reader]) {
      await expect.poll(() => titlesOf(page)).not.toContainEqual(expect.stringContaining("Another name"));
    }
    for (const page of [asking, reader]) await page.waitForURL(`${server.url}/`);
  });

  it("goes on in the others when the tab that reads is closed", async () => {
    const question = "script:plain:4:1500 deltas:150 delay:20";
    const first = await openPage();
    const path = await ask(first, question);
    const tabs = [await openPage(path), await openPage(path)];
    for (const tab of tabs) await hasBegun(tab);
    await first.close();
    for (const tab of tabs) await isWhole(tab, path, question);
    expect(model.count(question)).toBe(1);
  });

  it("holds nothing while it is kept for the back button, and goes on when the reader comes back", async () => {
    const question = "script:plain:7:900 deltas:90 hold:30";
    const page = await openPage();
    const path = await ask(page, question);
    await hasBegun(page);
    await page.evaluate(() => document.body.setAttribute("data-kept", ""));
    await page.goto(`${server.url}/icon.svg`);
    await expect.poll(countStreams).toBe(0);
    const other = await openPage(path);
    await hasBegun(other);
    // Not by Playwright, which waits for a page to load.
    await page.evaluate(() => void setTimeout(() => history.back()));
    // The very same page, not one that was loaded again.
    await page.locator("body[data-kept]").waitFor();
    expect(await countStreams()).toBe(2);
    model.release(question);
    for (const one of [page, other]) await isWhole(one, path, question);
  });

  it("is followed again after the server was killed, and what was changed meanwhile is seen", async () => {
    const question = "script:plain:5:1500 deltas:150 delay:20";
    const first = await openPage();
    const path = await ask(first, question);
    const tab = await openPage(path);
    await hasBegun(tab);
    await server.kill();
    await server.start();
    await change(path, "PATCH", { title: "Renamed after the fall" });
    for (const page of [first, tab]) {
      await isWhole(page, path, question);
      await expect.poll(() => titlesOf(page)).toContainEqual(expect.stringContaining("Renamed after the fall"));
    }
  });
});

describe("ten tabs", () => {
  it("with ten running answers take four connections, and leave room for all they ask", async () => {
    const questions = Array.from({ length: 10 }, (_, index) => `script:plain:${index + 20}:600 deltas:100 hold:60`);
    const tabs: Page[] = [];
    const paths: string[] = [];
    for (const question of questions) {
      const tab = await openPage();
      tabs.push(tab);
      paths.push(await ask(tab, question));
    }
    for (const tab of tabs) {
      await hasBegun(tab, 100);
      // One whose turn is over is gone in the browser a moment before the server hears of it.
      await expect.poll(countStreams).toBeLessThanOrEqual(4);
    }
    await expect.poll(countStreams).toBe(4);
    // All ten run. A name given in the last tab is seen in the first.
    await tabs[9]!.evaluate(
      (id) =>
        fetch(`/api/conversations/${id}`, {
          method: "PATCH",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ title: "Named in between" }),
        }),
      paths[5]!.slice(3),
    );
    await expect.poll(() => titlesOf(tabs[0]!)).toContainEqual(expect.stringContaining("Named in between"));
    for (const question of questions) model.release(question);
    for (const [index, tab] of tabs.entries()) await isWhole(tab, paths[index]!, questions[index]!);
    for (const question of questions) expect(model.count(question)).toBe(1);
    await expect.poll(countStreams).toBe(1);
  }, 90_000);

  it("are one browser to whoever counts who is online", async () => {
    const tabs = await Promise.all([openPage(), openPage(), openPage()]);
    await expect.poll(countStreams).toBe(1);
    const elsewhere = await openElsewhere();
    for (const page of [...tabs, elsewhere]) await page.getByText("2 online", { exact: true }).waitFor();
    const late = await openPage();
    await late.getByText("2 online", { exact: true }).waitFor();
    expect(await countStreams()).toBe(2);
  });
});
