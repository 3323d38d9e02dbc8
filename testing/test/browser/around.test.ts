/** What is around a conversation, in a real Chromium over a real server: settings, keys, signing out. */
import { readFile } from "node:fs/promises";
import {
  findAxeViolations,
  openChromium,
  openScriptedModel,
  openTypebarProcess,
  type ScriptedModel,
  type TypebarProcess,
} from "@typebar/testing";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { everything } from "./everything.ts";

const password = "open sesame";
let browser: Browser;
let model: ScriptedModel;
let server: TypebarProcess;
let context: BrowserContext;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  [browser, model] = await Promise.all([openChromium(), openScriptedModel()]);
  server = await openTypebarProcess({
    env: {
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: "key",
      TYPEBAR_MODEL: "scripted",
      TYPEBAR_PASSWORD: password,
    },
  });
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
  await model?.close();
});
beforeEach(async () => {
  complaints = [];
  context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
  page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Uncaught/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(server.url);
  await page.locator("input[type=password]").fill(password);
  await page.keyboard.press("Enter");
  await page.getByTestId("composer-input").waitFor();
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

function focused(): Promise<string | undefined> {
  return page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset["testid"]);
}

async function ask(question: string): Promise<void> {
  const before = await page.getByTestId("message-assistant").count();
  await page.getByTestId("composer-input").fill(question);
  await page.getByTestId("send").click();
  const answers = page.getByTestId("message-assistant");
  await expect.poll(() => answers.count()).toBe(before + 1);
  await expect.poll(() => answers.last().getAttribute("data-state"), { timeout: 20_000 }).toBe("completed");
}

describe("settings", () => {
  it("keep the default system prompt at the server", async () => {
    await page.getByTestId("settings").click();
    const prompt = page.getByTestId("default-prompt").getByTestId("prompt");
    await prompt.fill("x".repeat(20_001));
    await page.getByText("20,000 characters at most").waitFor();
    expect(await page.getByTestId("save-prompt").isDisabled()).toBe(true);
    await prompt.fill("Answer like a pirate.");
    await page.getByTestId("save-prompt").click();
    await page.getByText("Saved.").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(focused).toBe("settings");

    await page.reload();
    await page.getByTestId("settings").click();
    await expect.poll(() => prompt.inputValue()).toBe("Answer like a pirate.");
    await prompt.fill("");
    await page.getByTestId("save-prompt").click();
    await page.getByText("Saved.").waitFor();
  });

  it("sign out of this browser, and leave nothing that was written here", async () => {
    await page.getByTestId("composer-input").fill("a secret thought");
    await page.getByTestId("settings").click();
    await page.getByTestId("sign-out").click();
    await page.waitForURL(/\/sign-in$/u);
    expect(await page.evaluate(() => Object.values(localStorage).join())).not.toContain("secret");
    await page.goto(server.url);
    expect(new URL(page.url()).pathname).toBe("/sign-in");
  });
});

/** A conversation of its own, named after its question. */
async function begin(title: string): Promise<void> {
  await page.getByTestId("new-chat").click();
  await ask(`script:plain:23:40 ${title}`);
  await rename(page.getByTestId("conversation-item").first(), title);
}
async function openMenu(of: Locator): Promise<void> {
  await of.hover();
  await of.getByTestId("conversation-menu").click();
}
async function rename(item: Locator, title: string): Promise<void> {
  await openMenu(item);
  await page.getByTestId("rename").click();
  await page.keyboard.type(title);
  await page.keyboard.press("Enter");
  await itemOf(title).waitFor();
}
const itemOf = (title: string): Locator => page.getByTestId("conversation-item").filter({ hasText: title });
const titles = (): Promise<string[]> => page.getByTestId("conversation-item").getByRole("link").allInnerTexts();

async function deleteAll(): Promise<void> {
  await page.evaluate(async () => {
    const { conversations } = (await (await fetch("/api/conversations?limit=100")).json()) as {
      conversations: { id: string }[];
    };
    for (const { id } of conversations) await fetch(`/api/conversations/${id}`, { method: "DELETE" });
  });
  await page.goto(server.url);
  await page.getByTestId("composer-input").waitFor();
}

describe("conversations in the list", () => {
  beforeEach(deleteAll);

  it("are pinned above the others, and stay there over a reload", async () => {
    for (const title of ["Oldest", "Middle", "Newest"]) await begin(title);
    await openMenu(itemOf("Oldest"));
    await page.getByTestId("pin").click();
    await expect.poll(titles).toEqual(["Oldest", "Newest", "Middle"]);
    await expect.poll(focused).toBe("conversation-menu");
    await page.reload();
    await expect.poll(titles).toEqual(["Oldest", "Newest", "Middle"]);
    expect(await page.getByRole("heading", { level: 2 }).allInnerTexts()).toEqual(
      expect.arrayContaining(["Pinned", "Today"]),
    );
    await openMenu(itemOf("Oldest"));
    await page.getByTestId("pin").click();
    await expect.poll(titles).toEqual(["Newest", "Middle", "Oldest"]);
  });

  it("go at once when they are deleted, and come back with their answers", async () => {
    for (const title of ["One", "Two"]) await begin(title);
    const path = new URL(page.url()).pathname;
    await openMenu(itemOf("Two"));
    await page.getByTestId("delete").click();
    await itemOf("Two").waitFor({ state: "detached" });
    await expect.poll(() => new URL(page.url()).pathname).toBe("/");
    await expect.poll(focused).toBe("composer-input");
    await page.getByRole("status").filter({ hasText: "“Two” was deleted." }).waitFor();
    await page.getByTestId("undo").click();
    await itemOf("Two").waitFor();
    await expect.poll(() => new URL(page.url()).pathname).toBe(path);
    await page.getByTestId("answer-text").waitFor();
    expect(await page.getByTestId("undo").count()).toBe(0);
  });

  it("are deleted and brought back by the keyboard alone, which keeps its place", async () => {
    for (const title of ["One", "Two", "Three"]) await begin(title);
    await itemOf("Two").getByTestId("conversation-menu").focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await itemOf("Two").waitFor({ state: "detached" });
    const place = (): Promise<string | undefined> => page.evaluate(() => document.activeElement?.textContent.trim());
    await expect.poll(place).toBe("One");
    await page.getByTestId("undo").waitFor();
    await page.keyboard.press("Alt+z");
    await expect.poll(titles).toEqual(["Three", "Two", "One"]);
    expect(await place()).toBe("One");
  });

  it("are back, with the reason, when the server cannot be reached to delete them", async () => {
    await begin("Only");
    await context.setOffline(true);
    await openMenu(itemOf("Only"));
    await page.getByTestId("delete").click();
    await page.getByRole("status").filter({ hasText: "was not deleted. The server cannot be reached." }).waitFor();
    await itemOf("Only").waitFor();
    await context.setOffline(false);
  });
});

describe("search", () => {
  beforeEach(deleteAll);
  const results = (): Locator => page.getByTestId("search-result");

  it("finds what is typed in titles and messages, marks it, and leads there by the keyboard", async () => {
    await begin("Rice and beans");
    await begin("Weather");
    await ask("script:plain:24:1500 is it going to rain in Timbuktu");
    await ask("script:plain:25:1500");
    await page.getByTestId("composer-input").focus();
    await page.keyboard.press("Control+k");
    await expect.poll(focused).toBe("search");
    await page.keyboard.type("timbuk");
    await expect.poll(() => results().count()).toBe(1);
    await expect.poll(() => results().locator("mark").allInnerTexts()).toEqual(["Timbuktu"]);
    expect(await results().innerText()).toContain("Weather");
    await page.getByTestId("new-chat").click();
    await expect.poll(() => page.getByTestId("search").inputValue()).toBe("");

    await page.keyboard.press("Control+k");
    await page.keyboard.type("script");
    await expect.poll(() => results().count()).toBe(2);
    const active = (): Promise<string> => page.locator('[role=option][aria-selected="true"]').innerText();
    const first = await active();
    await page.keyboard.press("ArrowDown");
    await expect.poll(active).not.toBe(first);
    await page.keyboard.press("ArrowDown");
    await expect.poll(active).toBe(first);

    await page.getByTestId("search").fill("Timbuktu rain");
    await expect.poll(() => results().count()).toBe(1);
    await page.keyboard.press("Enter");
    const question = page.getByTestId("message-user").filter({ hasText: "Timbuktu" });
    await expect.poll(async () => (await question.boundingBox())?.y ?? -1).toBeGreaterThanOrEqual(48);
    expect((await question.boundingBox())?.y).toBeLessThan(200);
  });

  it("stays at what was gone on to, though the answer to a last letter comes after that", async () => {
    await begin("Rice and beans");
    await begin("Rice and fish");
    await page.getByTestId("search").fill("ric");
    await expect.poll(() => results().count()).toBe(2);
    const late = Promise.withResolvers<void>();
    await page.route(/\/search\?/u, async (route) => {
      await late.promise;
      await route.continue();
    });
    await page.keyboard.type("e");
    await page.keyboard.press("ArrowDown");
    const active = (): Promise<string> => page.locator('[role=option][aria-selected="true"]').innerText();
    const second = await active();
    expect(second).toBe(await results().nth(1).innerText());
    const answered = page.waitForEvent("requestfinished", (request) => request.url().includes("/search?"));
    late.resolve();
    await answered;
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    expect(await active()).toBe(second);
    await page.unroute(/\/search\?/u);
  });

  it("says that nothing was found, and gives the list and the focus back with Escape", async () => {
    await begin("Rice and beans");
    await page.getByTestId("composer-input").focus();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("no such words");
    await page.getByText("Nothing was found.").waitFor();
    expect(await itemOf("Rice").isVisible()).toBe(false);
    await page.keyboard.press("Escape");
    await itemOf("Rice").waitFor();
    await expect.poll(focused).toBe("composer-input");
  });

  it("says that it did not work, and works again", async () => {
    await begin("Rice and beans");
    await context.setOffline(true);
    await page.getByTestId("search").fill("rice");
    await page.getByText("The search did not work.").waitFor();
    await context.setOffline(false);
    await page.getByRole("button", { name: "Search again" }).click();
    await expect.poll(() => results().count()).toBe(1);
  });
});

describe("a system prompt of one conversation's own", () => {
  beforeEach(deleteAll);

  it("is set before the conversation begins, is what the model is told, and differs from the default", async () => {
    await page.getByTestId("thread-menu").click();
    await page.getByTestId("menu-prompt").click();
    await page.getByTestId("prompt-own").check();
    const prompt = page.getByTestId("prompt-dialog").getByTestId("prompt");
    await prompt.fill("Speak like a sailor.");
    await page.getByTestId("prompt-differs").waitFor();
    await page.getByTestId("save-prompt").click();
    await expect.poll(() => new URL(page.url()).pathname).toMatch(/^\/c\//u);
    const question = "script:plain:26:60";
    await ask(question);
    const asked = model.requests.findLast((request) => request.key === question);
    expect(JSON.stringify(asked)).toContain("Speak like a sailor.");
    expect(await page.getByTestId("conversation-item").count()).toBe(1);

    await page.getByTestId("thread-menu").click();
    await page.getByTestId("menu-prompt").click();
    await expect.poll(() => prompt.inputValue()).toBe("Speak like a sailor.");
    await page.getByTestId("prompt-default").check();
    await page.getByTestId("save-prompt").click();
    await expect.poll(focused).toBe("thread-menu");
    await page.reload();
    await page.getByTestId("thread-menu").click();
    await page.getByTestId("menu-prompt").click();
    await expect.poll(() => page.getByTestId("prompt-default").isChecked()).toBe(true);
  });
});

describe("conversations as files", () => {
  beforeEach(deleteAll);

  async function saved(click: () => Promise<void>): Promise<{ name: string; text: string }> {
    const [download] = await Promise.all([page.waitForEvent("download"), click()]);
    return { name: download.suggestedFilename(), text: await readFile(await download.path(), "utf8") };
  }

  it("are saved as Markdown and as JSON, one by one", async () => {
    await begin("Rice: a/b");
    const answer = await page.getByTestId("answer-text").innerText();
    await openMenu(page.getByTestId("conversation-item"));
    const markdown = await saved(() => page.getByTestId("export-markdown").click());
    expect(markdown.name).toBe("Rice a b.md");
    expect(markdown.text).toContain("script:plain:23:40 Rice: a/b");
    expect(markdown.text.replace(/\s+/gu, "")).toContain(answer.replace(/\s+/gu, ""));
    await page.getByTestId("thread-menu").click();
    const json = await saved(() => page.getByTestId("export-json").click());
    expect(json.name).toBe("Rice a b.json");
    expect(JSON.parse(json.text)).toMatchObject({ typebar: 1, conversations: [{ title: "Rice: a/b" }] });
  });

  it("are all saved and brought back, with their answers", async () => {
    for (const title of ["One", "Two"]) await begin(title);
    await page.getByTestId("settings").click();
    const all = await saved(() => page.getByTestId("export-all").click());
    expect(all.name).toMatch(/^typebar-\d{4}-\d\d-\d\d\.json$/u);
    await deleteAll();
    expect(await page.getByTestId("conversation-item").count()).toBe(0);
    await page.getByTestId("settings").click();
    const file = { name: "all.json", mimeType: "application/json", buffer: Buffer.from(all.text) };
    await page.getByTestId("import-file").setInputFiles(file);
    await page.getByText("Conversations imported: 2").waitFor();
    await page.keyboard.press("Escape");
    await expect.poll(async () => (await titles()).toSorted()).toEqual(["One", "Two"]);
    await itemOf("Two").getByRole("link").click();
    await page.getByTestId("answer-text").waitFor();
  });

  it("are not taken from a file that holds something else, and the reason is said", async () => {
    await page.getByTestId("settings").click();
    const file = { name: "x.json", mimeType: "application/json", buffer: Buffer.from('{"typebar":2}') };
    await page.getByTestId("import-file").setInputFiles(file);
    await expect
      .poll(() => page.getByTestId("transfer-said").innerText())
      .toMatch(/^Nothing was imported\. This file is not what Typebar exports as JSON\./u);
    expect(await page.getByTestId("conversation-item").count()).toBe(0);
  });
});

describe("axe", () => {
  beforeEach(deleteAll);

  it.each([
    { name: "light", options: { colorScheme: "light" } },
    {
      name: "dark, in Chinese, on a phone",
      options: {
        colorScheme: "dark",
        locale: "zh-CN",
        viewport: { width: 390, height: 844 },
        hasTouch: true,
        isMobile: true,
      },
    },
  ] as const)("finds nothing in whatever is around a conversation: $name", { timeout: 60_000 }, async ({ options }) => {
    await page.evaluate(
      (body) => fetch("/api/import", { method: "POST", headers: { "Content-Type": "application/json" }, body }),
      JSON.stringify(everything),
    );
    const storageState = await context.storageState();
    await context.close();
    context = await browser.newContext({ ...options, reducedMotion: "reduce", storageState });
    page = await context.newPage();
    const isClean = async (where: string): Promise<void> => expect(await findAxeViolations(page), where).toEqual([]);
    const isPhone = "isMobile" in options;
    const openList = async (): Promise<void> => {
      if (!isPhone) return;
      await page.getByTestId("list-toggle").click();
      await page.getByTestId("new-chat").waitFor();
    };
    const begin = async (): Promise<void> => {
      await page.goto(server.url);
      await page.getByTestId("suggestion").first().waitFor();
      await openList();
    };

    await begin();
    await page.getByTestId("search").fill("rice");
    await page.getByTestId("search-result").nth(15).waitFor();
    await isClean("search");
    await page.getByTestId("search").fill("no such words");
    await page.getByTestId("search-result").first().waitFor({ state: "detached" });
    await isClean("nothing found");
    await page.route("**/search?*", (route) => route.abort());
    await page.getByTestId("search").fill("not to be had");
    await page.locator(".found button").waitFor();
    await isClean("search failed");
    await page.unroute("**/search?*");
    await page.getByTestId("search-clear").click();

    await openMenu(itemOf("Rice 3"));
    await page.getByTestId("rename").click();
    await isClean("rename");
    await page.keyboard.press("Escape");
    await openMenu(itemOf("Rice 3"));
    await page.getByTestId("delete").click();
    await page.getByTestId("undo").waitFor();
    await isClean("undo");
    await page.getByTestId("settings").click();
    await page.getByTestId("sign-out").waitFor();
    await page.getByTestId("default-prompt").getByTestId("prompt").fill("x".repeat(20_001));
    await page
      .getByTestId("import-file")
      .setInputFiles([{ name: "x.json", mimeType: "application/json", buffer: Buffer.from("{}") }]);
    await page.getByTestId("transfer-said").filter({ hasText: "JSON" }).waitFor();
    await isClean("settings, with a prompt too long and a file that is none");
    await page.getByTestId("dialog-close").click();

    await itemOf("Everything").getByRole("link").click();
    await page.getByTestId("message-files").locator("img").waitFor();
    await page.locator('[data-diagram="drawn"]').waitFor();
    await page.getByTestId("transcript").evaluate((element) => (element.scrollTop = 0));
    await isClean("branches, files and a diagram");
    await page.getByTestId("message-user").first().hover();
    await page.getByTestId("delete-question").first().click();
    await page.getByTestId("delete-message-dialog").waitFor();
    await isClean("deleting a message");
    await page.getByTestId("delete-message-dialog").getByRole("button").first().click();
    await expect.poll(focused).toBe("delete-question");
    await page.getByTestId("edit").first().click();
    await page.getByTestId("editor").waitFor();
    await isClean("editor");
    await page.getByTestId("edit-cancel").click();
    await page.getByTestId("answer-menu").last().click();
    await page.getByTestId("delete-message").waitFor();
    await isClean("menu of an answer, below one that was interrupted");
    await page.keyboard.press("Escape");
    await page.getByTestId("thread-menu").click();
    await page.getByTestId("menu-prompt").click();
    await page.getByTestId("prompt-own").check();
    await isClean("prompt");
    await page.keyboard.press("Escape");

    const choose = (name: string): Promise<void> =>
      page.getByTestId("file-chooser").setInputFiles([{ name, mimeType: "text/plain", buffer: Buffer.from("x") }]);
    await choose("ready.txt");
    await page.locator('[data-testid="attachment"][data-state="ready"]').waitFor();
    await page.route("**/api/attachments", (route) => route.abort());
    await choose("failed.txt");
    await page.getByTestId("attachment-again").waitFor();
    await page.unroute("**/api/attachments");
    await page.route("**/api/attachments", () => undefined);
    await choose("sending.txt");
    await page.locator('[data-testid="attachment"] progress').waitFor();
    await page.evaluate(() => {
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File(["x"], "x.txt"));
      document.body.dispatchEvent(new DragEvent("dragover", { bubbles: true, cancelable: true, dataTransfer }));
    });
    await page.locator(".dropping").waitFor();
    await isClean("files that are ready, failed and on their way, and one more above the page");
    await context.setOffline(true);
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await page.getByTestId("away").waitFor();
    await isClean("offline");
    await context.setOffline(false);
    await page.goto(`${server.url}/c/AAAAAAAAAAAAAAAAAAAA`);
    await page.locator(".note .link").waitFor();
    await isClean("a conversation that does not exist");
  });
});

describe("the keyboard", () => {
  it("opens the last question to be edited", async () => {
    await ask("script:plain:27:60");
    await page.getByTestId("composer-input").focus();
    await page.keyboard.press("Alt+r");
    await expect
      .poll(() => page.evaluate(() => (document.activeElement as HTMLTextAreaElement).value))
      .toBe("script:plain:27:60");
  });

  it("begins a new chat, goes to the field, hides the list and shows it again", async () => {
    await ask("script:plain:21:60");
    await page.getByTestId("settings").focus();
    await page.keyboard.press("Alt+m");
    await expect.poll(focused).toBe("composer-input");
    await page.keyboard.press("Alt+n");
    await expect.poll(() => new URL(page.url()).pathname).toBe("/");
    await expect.poll(focused).toBe("composer-input");
    const list = page.getByTestId("new-chat");
    await page.keyboard.press("Alt+l");
    await list.waitFor({ state: "hidden" });
    await page.reload();
    await page.getByTestId("composer-input").waitFor();
    expect(await list.isVisible()).toBe(false);
    await page.getByTestId("list-toggle").click();
    await list.waitFor();
    await page.getByTestId("list-hide").focus();
    await page.keyboard.press("Alt+l");
    await expect.poll(focused).toBe("composer-input");
    await page.keyboard.press("Alt+l");
    await list.waitFor();
  });

  it("copies the last answer", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await ask("script:plain:22:60");
    await page.keyboard.press("Alt+c");
    await page.getByText("The answer was copied.").first().waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    const shown = await page.getByTestId("answer-text").last().innerText();
    expect(copied.replace(/\s+/gu, "")).toBe(shown.replace(/\s+/gu, ""));
  });

  it("has a sheet, which a question mark opens where nothing is written", async () => {
    const sheet = page.getByTestId("shortcut-sheet");
    await page.getByTestId("composer-input").press("Shift+?");
    expect(await page.getByTestId("composer-input").inputValue()).toBe("?");
    expect(await sheet.count()).toBe(0);
    await page.getByTestId("settings").focus();
    await page.keyboard.press("Shift+?");
    await sheet.waitFor();
    expect(await sheet.innerText()).toMatch(/New chat\s+Alt\s+N/u);
    // What lies above the page has the keys.
    await page.keyboard.press("Alt+l");
    expect(await page.getByTestId("new-chat").isVisible()).toBe(true);
    await page.getByText("A single key").click();
    await page.keyboard.press("Escape");
    await sheet.waitFor({ state: "detached" });
    await expect.poll(focused).toBe("settings");
    await page.keyboard.press("Shift+?");
    expect(await sheet.count()).toBe(0);
    await page.keyboard.press("Alt+/");
    await sheet.waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("settings").click();
    await page.getByTestId("show-shortcuts").click();
    await sheet.waitFor();
  });
});
