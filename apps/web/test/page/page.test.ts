import { openChromium } from "@typebar/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Locator, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../dev/scripted-server.ts";
import type { Script, ScriptedServer } from "../../dev/scripted-server.ts";

const answer =
  "# Title\n\nAn answer with **bold** words, `code` and 中文文字 👨‍👩‍👧‍👦.\n\n```ts\nconst x: number = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nThe end.";
const spoken = ["Title", "An answer with bold words", "中文文字 👨‍👩‍👧‍👦", "const x: number = 1;", "The end."];

const toolInput = { city: "Rome", note: "<img src=x onerror=alert(1)> & 中文" };

let folder: string;
let browser: Browser;
let server: ScriptedServer;
let page: Page;
const complaints: string[] = [];

function pieces(text: string, size = 4): string[] {
  const characters = Array.from(text);
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(""),
  );
}

function answerTo(text: string): Script {
  if (text.includes("fail")) {
    return { chunks: pieces("Kept words"), delayMs: 10, end: { state: "failed", code: "provider-unavailable" } };
  }
  if (text.includes("refused")) {
    return { chunks: [], delayMs: 10, end: { state: "failed", code: "provider-unavailable" } };
  }
  if (text.includes("formula"))
    return {
      chunks: pieces(
        "So $x^2$ is\n\n$$\n\\sqrt{\\frac{a}{b}}\n$$\n\nand $\\nothing{$ is not, nor $\\href{javascript:alert(1)}{x}$.[^1]\n\n[^1]: A note.",
      ),
      delayMs: 5,
    };
  if (text.includes("arabic")) return { chunks: ["- مرحبا بالعالم\n- [ ] مرحبا\n- English\n\n> مرحبا\n"], delayMs: 5 };
  if (text.includes("code")) {
    return {
      chunks: [`\`\`\`js\nconst a = 1;\n\`\`\`\n\n\`\`\`js\n${"const a = 1;\n".repeat(1600)}\`\`\``],
      delayMs: 5,
    };
  }
  if (text.includes("long")) {
    const sources = [{ url: "/docs/x", title: "A source" }];
    const text = `${`${answer}\n\n`.repeat(12)}The answer comes to its end, at last, in this one line.`;
    return { chunks: pieces(text, 12), delayMs: 8, sources };
  }
  if (text.includes("slow")) return { chunks: pieces(answer), delayMs: 40 };
  if (text.includes("think")) return { chunks: pieces("Done."), delayMs: 10, reasoning: "First this, then that." };
  if (text.includes("tool"))
    return { chunks: pieces("Let me look."), delayMs: 5, tool: { name: "weather", input: toolInput } };
  return { chunks: pieces(answer), delayMs: 5, sources: [{ url: "/docs/x", title: "A source" }] };
}

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options });
  const opened = await context.newPage();
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("console", (message) => {
    if (/content security policy/iu.test(message.text())) complaints.push(message.text());
  });
  await opened.goto(server.url);
  await opened.getByTestId("composer-input").waitFor();
  return opened;
}

async function ask(text: string, on = page): Promise<void> {
  await on.getByTestId("composer-input").fill(text);
  await on.getByTestId("composer-input").press("Enter");
}

function lastAnswer(state?: string, on = page): Locator {
  const last = on.getByTestId("message-assistant").last();
  return state === undefined ? last : last.and(on.locator(`[data-state="${state}"]`));
}

function textOf(on = page): Promise<string> {
  return on.getByTestId("answer-text").last().innerText();
}

async function untilText(pattern: RegExp, on = page): Promise<void> {
  await on.getByTestId("answer-text").last().filter({ hasText: pattern }).waitFor();
}

/** Somebody comes back to a page that was in sight all the time. */
async function look(on: Page): Promise<void> {
  await on.evaluate(() => window.dispatchEvent(new Event("focus")));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "typebar-page-"));
  await build({
    root: join(import.meta.dirname, "../.."),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  browser = await openChromium();
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  server = await startScriptedServer({ answerTo, page: folder });
  page = await openPage();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await server.close();
  expect(complaints.splice(0)).toEqual([]);
});

describe("asking", () => {
  it("types the answer out, gives the conversation its address and lists it", async () => {
    await ask("How?");
    const lengths = new Set<number>();
    while ((await lastAnswer("completed").count()) === 0) lengths.add((await textOf()).length);
    expect(lengths.size).toBeGreaterThan(5);
    for (const words of spoken) expect(await textOf()).toContain(words);
    expect(page.url()).toMatch(/\/c\/[\w-]+$/u);
    await page.getByTestId("conversation-item").filter({ hasText: "How?" }).waitFor();
    expect(await page.getByTestId("sources").innerText()).toContain("A source");
  });

  it("folds reasoning away from the answer", async () => {
    await ask("think");
    await lastAnswer("completed").waitFor();
    expect(await textOf()).toBe("Done.");
    expect(await page.getByTestId("reasoning").innerText()).toMatch(/^Thought for \d+ s$/u);
  });

  it("folds a tool call away, shows what it is called with as plain text, and the same after a reload", async () => {
    await ask("tool");
    await lastAnswer("completed").waitFor();
    const call = page.getByTestId("tool-call");
    expect(await call.innerText()).toBe("Tool call: weather");
    await page.reload();
    await call.getByText("Tool call: weather").click();
    expect(JSON.parse(await call.locator("pre").innerText())).toEqual(toolInput);
    expect(await call.locator("img").count()).toBe(0);
    const chinese = await openPage({ locale: "zh-CN" });
    await chinese.goto(page.url());
    await chinese.getByText("调用工具：weather").waitFor();
    await chinese.context().close();
    expect(await textOf()).toBe("Let me look.");
  });

  it("does not send while an input method composes, and breaks the line with Shift", async () => {
    const field = page.getByTestId("composer-input");
    await field.fill("你好");
    await field.dispatchEvent("keydown", { key: "Enter", isComposing: true });
    await field.dispatchEvent("keydown", { key: "Enter", keyCode: 229 });
    await field.press("Shift+Enter");
    expect(await field.inputValue()).toBe("你好\n");
    expect(await page.getByTestId("message-user").count()).toBe(0);
  });

  it("keeps a draft for each conversation, also over a reload", async () => {
    await ask("first");
    await lastAnswer("completed").waitFor();
    await page.getByTestId("composer-input").fill("half a thought");
    await page.getByTestId("new-chat").click();
    expect(await page.getByTestId("composer-input").inputValue()).toBe("");
    await page.goBack();
    await page.reload();
    await lastAnswer("completed").waitFor();
    expect(await page.getByTestId("composer-input").inputValue()).toBe("half a thought");
  });
});

describe("never losing the place", () => {
  it("goes on after a refresh in mid-answer", async () => {
    await ask("slow");
    await untilText(/An answer/u);
    await page.reload();
    await lastAnswer("completed").waitFor();
    for (const words of spoken) expect(await textOf()).toContain(words);
    expect(server.starts).toBe(1);
  });

  it("says quietly that it reconnects, and goes on without a gap when the server is back", async () => {
    await ask("slow");
    await untilText(/An answer/u);
    server.down = true;
    await page.getByTestId("reconnecting").waitFor();
    await page.getByRole("status").filter({ hasText: "Reconnecting" }).waitFor({ state: "attached" });
    server.down = false;
    await page
      .getByTestId("retry-now")
      .click({ timeout: 2000 })
      .catch(() => undefined);
    await lastAnswer("completed").waitFor();
    for (const words of spoken) expect(await textOf()).toContain(words);
    expect(await page.getByTestId("reconnecting").count()).toBe(0);
    expect(server.starts).toBe(1);
  });

  it("asks once, however often the connection is cut", async () => {
    await ask("slow");
    for (let cut = 0; cut < 4; cut += 1) {
      await page.waitForTimeout(150);
      server.cut();
    }
    await lastAnswer("completed").waitFor();
    expect((await textOf()).match(/The end\./gu)?.length).toBe(1);
    expect(server.starts).toBe(1);
  });

  it("goes on while another conversation is looked at", async () => {
    await ask("slow");
    await untilText(/An answer/u);
    await page.getByTestId("new-chat").click();
    await ask("quick");
    await lastAnswer("completed").waitFor();
    await page.getByTestId("conversation-item").filter({ hasText: "slow" }).getByRole("link").click();
    await lastAnswer("completed").waitFor();
    for (const words of spoken) expect(await textOf()).toContain(words);
    expect(server.starts).toBe(2);
  });

  it("types on a second device, too", async () => {
    await ask("slow");
    await untilText(/Title/u);
    const other = await openPage();
    await other.goto(page.url());
    await untilText(/An answer/u, other);
    await lastAnswer("completed", other).waitFor();
    await lastAnswer("completed").waitFor();
    expect(await textOf(other)).toBe(await textOf());
  });
});

describe("two devices at once", () => {
  it("gives way to the other's question, and gives the own one back to the writer", async () => {
    await ask("first");
    await lastAnswer("completed").waitFor();
    const other = await openPage();
    await other.goto(page.url());
    await lastAnswer("completed", other).waitFor();
    await ask("slow one", other);
    await untilText(/Title/u, other);
    await ask("my own question");
    await page.getByTestId("message-user").filter({ hasText: "slow one" }).waitFor();
    await lastAnswer("completed").waitFor();
    expect(await page.getByTestId("message-user").allInnerTexts()).toEqual([
      expect.stringContaining("first"),
      expect.stringContaining("slow one"),
    ]);
    expect(await page.getByTestId("composer-input").inputValue()).toBe("my own question");
    expect(await page.getByTestId("notice").innerText()).toMatch(/^Not sent\. .*already on its way/u);
    expect(server.starts).toBe(2);
  });

  it("shows what another did as soon as somebody looks at it again", async () => {
    await ask("first");
    await lastAnswer("completed").waitFor();
    const other = await openPage();
    await other.goto(page.url());
    await ask("second", other);
    await lastAnswer("completed", other).waitFor();
    await other.getByTestId("new-chat").click();
    await ask("elsewhere", other);
    await lastAnswer("completed", other).waitFor();
    await look(page);
    await page.getByTestId("message-user").filter({ hasText: "second" }).waitFor();
    await page.getByTestId("conversation-item").filter({ hasText: "elsewhere" }).waitFor();
  });

  it("leaves a conversation that another has deleted, and says so", async () => {
    await ask("first");
    await lastAnswer("completed").waitFor();
    await page.getByTestId("conversation-item").waitFor();
    await page.evaluate(() => fetch(`/api/conversations/${location.pathname.slice(3)}`, { method: "DELETE" }));
    await look(page);
    expect(await page.getByTestId("notice").innerText()).toBe("This conversation was deleted.");
    expect(new URL(page.url()).pathname).toBe("/");
    await page.getByTestId("conversation-item").waitFor({ state: "detached" });
  });
});

describe("an answer that is not whole", () => {
  it("is stopped with Escape, and goes on with its text kept", async () => {
    await ask("slow");
    await untilText(/An answer/u);
    await page.getByTestId("composer-input").press("Escape");
    await lastAnswer("stopped").waitFor();
    const kept = await textOf();
    await page.getByTestId("continue").click();
    await page.getByTestId("stop").waitFor();
    expect(await textOf()).toContain(kept.slice(0, 20));
    await lastAnswer("completed").waitFor();
    expect(await textOf()).toContain("The end.");
  });

  it("says why it failed, under the text that was kept, and tries again", async () => {
    await ask("fail");
    await lastAnswer("failed").waitFor();
    expect(await textOf()).toBe("Kept words");
    expect(await page.getByTestId("answer-notice").innerText()).toContain("broke in mid-answer");
    await page.getByTestId("try-again").click();
    await lastAnswer("running").waitFor();
    await lastAnswer("failed").waitFor();
    expect(await page.getByTestId("message-user").count()).toBe(1);
    expect(server.starts).toBe(2);
  });
});

describe("a message that is not sent", () => {
  it("is kept where it was written when it is too long", async () => {
    const field = page.getByTestId("composer-input");
    await field.fill("x".repeat(100_001));
    await page.getByTestId("send").click();
    expect(await page.getByTestId("too-long").innerText()).toContain("100,000");
    expect((await field.inputValue()).length).toBe(100_001);
    expect(server.starts).toBe(0);
    await field.fill("short");
    await page.getByTestId("too-long").waitFor({ state: "detached" });
  });

  it("comes back with the reason when the server does not take it, and the page is as before", async () => {
    const body = JSON.stringify({ type: "about:blank", title: "Bad", status: 400, code: "bad-request" });
    await page.route("**/api/chat", (route) =>
      route.fulfill({ status: 400, contentType: "application/problem+json", body }),
    );
    await ask("odd");
    expect(await page.getByTestId("notice").innerText()).toMatch(/^Not sent\. The server did not understand/u);
    expect(await page.getByTestId("composer-input").inputValue()).toBe("odd");
    await page.getByTestId("suggestion").first().waitFor();
    await page.unroute("**/api/chat");
    await page.getByTestId("send").click();
    await lastAnswer("completed").waitFor();
    expect(await page.getByTestId("notice").count()).toBe(0);
  });

  it("is sent once and not stopped by a double click", async () => {
    await page.getByTestId("composer-input").fill("slow");
    // In the page itself: the second click must find the button that took the first one's place.
    await page.evaluate(async () => {
      document.querySelector<HTMLElement>("[data-testid=send]")?.click();
      await new Promise(requestAnimationFrame);
      document.querySelector<HTMLElement>("[data-testid=stop]")?.click();
    });
    await untilText(/An answer/u);
    await lastAnswer("completed").waitFor();
    expect(server.starts).toBe(1);
    await ask("slow");
    await untilText(/An answer/u);
    await page.getByTestId("stop").click();
    await lastAnswer("stopped").waitFor();
  });
});

describe("where the reader stands", () => {
  const toEnd = (): Promise<number> =>
    page
      .getByTestId("transcript")
      .evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);

  it("puts the question near the top, and follows the end only when the answer is longer than the page", async () => {
    await ask("first");
    await lastAnswer("completed").waitFor();
    await ask("long");
    const question = page.getByTestId("message-user").last();
    await untilText(/An answer/u);
    const box = await question.boundingBox();
    expect(Math.round((box?.y ?? 0) - 48)).toBe(64);
    await lastAnswer("completed").waitFor();
    expect(await toEnd()).toBeLessThan(2);
  });

  it("lets go at the first turn of the wheel, and takes hold with the button", async () => {
    await ask("long");
    await untilText(/The end\.[\s\S]*The end\./u);
    await page.getByTestId("transcript").hover();
    await page.mouse.wheel(0, -200);
    await page.getByTestId("to-end").waitFor();
    const top = (): Promise<number> => page.getByTestId("transcript").evaluate((element) => element.scrollTop);
    const before = await top();
    await page.waitForTimeout(300);
    expect(await top()).toBe(before);
    await page.getByTestId("to-end").click();
    expect(await toEnd()).toBeLessThan(2);
    await lastAnswer("completed").waitFor();
    expect(await toEnd()).toBeLessThan(2);
  });

  it("lets go when words are selected, and keeps them selected", async () => {
    await ask("long");
    await untilText(/The end\.[\s\S]*The end\.[\s\S]*The end\./u);
    const words = page.getByTestId("answer-text").getByText("An answer with").last();
    const state = (): Promise<[string, number]> =>
      page
        .getByTestId("transcript")
        .evaluate((element) => [getSelection()?.toString().trim() ?? "", element.scrollTop]);
    // The words move while the page follows: the pointer may miss them.
    await expect
      .poll(async () => {
        await words.dblclick();
        return (await state())[0];
      })
      .not.toBe("");
    const before = await state();
    await lastAnswer("completed").waitFor();
    expect(await state()).toEqual(before);
  });

  it.each(["slow", "long"])("moves nothing when the answer is complete: %s", async (question) => {
    await ask(question);
    // Where the line that ends the answer stands, in every frame from its first word on.
    const places = await page.evaluate(
      (blocks) =>
        new Promise<number[]>((resolve) => {
          const seen: number[] = [];
          let after = 0;
          const look = (): void => {
            const message = [...document.querySelectorAll("[data-testid=message-assistant]")].at(-1);
            const text = message?.querySelector("[data-testid=answer-text]");
            const shown = text?.querySelectorAll("section > *") ?? [];
            const last = shown[shown.length - 1];
            if (shown.length === blocks && last?.textContent.startsWith("The") === true) {
              seen.push(Math.round(last.getBoundingClientRect().top));
              if (message?.getAttribute("data-state") === "completed") after += 1;
            }
            // Measured when the frame has been painted.
            if (after < 20) requestAnimationFrame(() => setTimeout(look));
            else resolve(seen);
          };
          look();
        }),
      question === "long" ? 61 : 5,
    );
    expect(places.length).toBeGreaterThan(20);
    expect(places, places.join()).toEqual(places.map(() => places[0]));
  });
});

describe("what an answer looks like", () => {
  it("puts bullets and the line beside a quotation where the text begins", async () => {
    await ask("arabic");
    await lastAnswer("completed").waitFor();
    const directions = await page.getByTestId("answer-text").evaluate((text) =>
      [...text.querySelectorAll("li, blockquote")].map((element) => {
        const { direction, marginLeft, marginRight } = getComputedStyle(element);
        return [direction, marginLeft, marginRight].join(" ");
      }),
    );
    expect(directions).toEqual(["rtl 0px 26px", "rtl 0px 26px", "ltr 26px 0px", "rtl 0px 0px"]);
  });

  it("colours code to its last line, however long it is", async () => {
    await ask("code");
    await lastAnswer("completed").waitFor();
    const blocks = page.getByTestId("answer-text").locator("pre");
    await blocks.first().locator("[class^=tok-]").first().waitFor();
    await blocks.last().locator(".line").last().locator("[class^=tok-]").first().waitFor();
  });

  it("sets formulas, and leaves what is none as it was written", async () => {
    await ask("formula");
    await lastAnswer("completed").waitFor();
    const formulas = page.getByTestId("answer-text").locator(".formula");
    await formulas.nth(1).locator(".katex").waitFor();
    expect(await page.getByTestId("answer-text").locator(".katex a").count()).toBe(0);
    expect(await formulas.nth(2).innerText()).toBe("\\nothing{");
  });

  it("shows nothing of a formula while it is to be set, and what was written where it cannot be", async () => {
    const shown = (): Promise<{ text: string; raw: string[] }> =>
      page.evaluate(() => {
        const formulas = Array.from(document.querySelectorAll<HTMLElement>(".answer .formula"));
        const raw = formulas.filter((formula) => formula.checkVisibility({ visibilityProperty: true }));
        return {
          text: document.querySelector(".answer")?.textContent ?? "",
          raw: raw.map(({ textContent }) => textContent),
        };
      });
    const atFirst = Promise.withResolvers<Awaited<ReturnType<typeof shown>>>();
    await page.context().route(/\/katex-[\w-]+\.js$/u, async (route) => {
      await shown().then(atFirst.resolve, atFirst.reject);
      await route.abort();
    });
    await ask("formula");
    const { text, raw } = await atFirst.promise;
    expect(text).toMatch(/^So/u);
    expect(text).not.toContain("is");
    expect(raw).toEqual([]);
    await lastAnswer("completed").waitFor();
    await expect.poll(shown).toMatchObject({ raw: expect.arrayContaining(["x^2", "\\sqrt{\\frac{a}{b}}"]) });
  });

  it("leads from a footnote's number to its text", async () => {
    await ask("formula");
    await lastAnswer("completed").waitFor();
    await page.getByTestId("answer-text").getByRole("button", { name: "1" }).click();
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("A note.");
  });

  it("says that the provider does not answer, where it has said nothing", async () => {
    await ask("refused");
    await lastAnswer("failed").waitFor();
    expect(await page.getByTestId("answer-notice").innerText()).toContain("cannot answer at the moment");
  });
});

describe("around it", () => {
  it("offers questions about Typebar only where the guide answers them", async () => {
    await page.getByTestId("suggestion").filter({ hasText: "restart" }).waitFor();
    const models = [
      { id: "a/b", name: "B", provider: "a", kind: "language-model", input: ["text"], attachments: true },
    ];
    await page.route("**/api/models", (route) => route.fulfill({ json: { models, default: "a/b" } }));
    await page.reload();
    await page.getByTestId("suggestion").first().waitFor();
    expect(await page.getByTestId("suggestion").count()).toBe(4);
    expect((await page.getByTestId("suggestion").allInnerTexts()).join()).not.toMatch(/Typebar|restart|model/u);
  });

  it("keeps the keyboard's place after a rename", async () => {
    await ask("one");
    await lastAnswer("completed").waitFor();
    await page.getByTestId("conversation-item").hover();
    const focused = (): Promise<string | undefined> =>
      page.evaluate(() => (document.activeElement as HTMLElement).dataset["testid"]);
    for (const key of ["Enter", "Escape"]) {
      await page.getByTestId("conversation-menu").click();
      await page.getByTestId("rename").click();
      await page.keyboard.type(`Named ${key}`);
      await page.keyboard.press(key);
      await expect.poll(focused).toBe("conversation-menu");
    }
    expect(await page.getByTestId("conversation-item").innerText()).toContain("Named Enter");
  });

  it("renames and deletes a conversation", async () => {
    await ask("one");
    await lastAnswer("completed").waitFor();
    const item = page.getByTestId("conversation-item");
    await item.hover();
    await page.getByTestId("conversation-menu").click();
    await page.getByTestId("rename").click();
    await page.keyboard.type("Another name");
    await page.keyboard.press("Enter");
    await item.filter({ hasText: "Another name" }).waitFor();
    await page.getByTestId("conversation-menu").click();
    await page.getByTestId("delete").click();
    await item.waitFor({ state: "detached" });
    expect(new URL(page.url()).pathname).toBe("/");
  });

  it("shows the event blocks of the wire with their IDs", async () => {
    await page.getByTestId("wire-toggle").click();
    await ask("one");
    await lastAnswer("completed").waitFor();
    const rows = page.getByTestId("wire-row");
    await rows.filter({ hasText: "[DONE]" }).waitFor();
    expect(await rows.filter({ hasText: '"type":"start"' }).innerText()).toMatch(/message\s+[\w-]+:1\.1/u);
  });

  it("speaks Chinese to a Chinese browser, and can be told otherwise", async () => {
    const chinese = await openPage({ locale: "zh-CN" });
    expect(await chinese.getByTestId("composer-input").getAttribute("placeholder")).toBe("输入你的问题");
    await chinese.getByTestId("settings").click();
    await chinese.getByTestId("lang-en").click();
    // The other language is loaded when it is wanted.
    await expect
      .poll(() => chinese.getByTestId("composer-input").getAttribute("placeholder"), { timeout: 10_000 })
      .toBe("Ask anything");
  });

  it("turns dark when it is told to, and stays so", async () => {
    await page.getByTestId("settings").click();
    await page.getByTestId("theme-dark").click();
    await page.reload();
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  });

  it("says in a plain sentence what an old browser lacks", async () => {
    const context = await browser.newContext();
    const old = await context.newPage();
    await old.addInitScript("delete Intl.Segmenter");
    await old.goto(server.url);
    expect(await old.locator("#unsupported").isVisible()).toBe(true);
    expect(await old.getByTestId("composer-input").count()).toBe(0);
  });
});
