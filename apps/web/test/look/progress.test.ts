/** What shows how an answer is doing: dot, caret, lost connection, failure; and what is said about it to those who listen. */
import { openFaultyProxy } from "@typebar/testing";
import type { BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openPageWorld } from "../page/page-world.ts";
import type { PageWorld } from "../page/page-world.ts";
import type { Script } from "../../dev/scripted-server.ts";
import { ask, isComplete, lastAnswer, styleOf, until } from "./acts.ts";
import { createSteeredAnswer } from "./steered-answer.ts";
import type { SteeredAnswer } from "./steered-answer.ts";

let world: PageWorld;
let answer: SteeredAnswer;

beforeAll(async () => {
  world = await openPageWorld((text): Script => {
    if (text.includes("fail"))
      return { chunks: ["Kept words"], delayMs: 0, end: { state: "failed", code: "provider-unavailable" } };
    return { chunks: text.includes("quick") ? ["Quick."] : answer.chunks, delayMs: 0 };
  });
});
afterAll(() => world.close());
afterEach(async () => {
  const complaints = [...world.complaints];
  await world.reset();
  expect(complaints).toEqual([]);
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  answer = createSteeredAnswer();
  return world.openPage(await world.openContext(options));
}

/** `moving` or `resting`; null without a caret. */
function caret(page: Page): Promise<string | null> {
  return page.evaluate(() => document.querySelector<HTMLElement>("[data-caret]")?.dataset["caret"] ?? null);
}

function caretStyle(page: Page, ...names: string[]): Promise<string[]> {
  return page
    .locator("[data-caret]")
    .evaluate(
      (element, wanted) => wanted.map((name) => getComputedStyle(element, "::after").getPropertyValue(name)),
      names,
    );
}

describe("waiting", () => {
  it("shows a dot before the server has said anything, in the frame after the key", async () => {
    const page = await open();
    // The server never answers: what is seen is the page's own doing.
    await page.route("**/api/chat", () => undefined);
    await page.getByTestId("composer-input").fill("One?");
    const frames = await page.evaluate(async () => {
      document.querySelector<HTMLElement>("[data-testid=send]")?.click();
      let count = 0;
      while (document.querySelector(".waiting") === null && count < 60) {
        await new Promise(requestAnimationFrame);
        count += 1;
      }
      return count;
    });
    expect(frames).toBeLessThanOrEqual(2);
    expect(await page.locator(".waiting").isVisible()).toBe(true);
  });

  it("gives way to the first words, in their place", async () => {
    const page = await open();
    await ask(page, "One?");
    await page.locator(".waiting").waitFor();
    const dot = await page.locator(".waiting").boundingBox();
    answer.say("First words, and so on.");
    await page.getByTestId("answer-text").getByText("First").waitFor();
    expect(await page.locator(".waiting").count()).toBe(0);
    const text = await page.getByTestId("answer-text").boundingBox();
    expect(dot?.x).toBe(text?.x);
    expect(dot?.y).toBeGreaterThanOrEqual(text?.y ?? Number.NaN);
  });
});

describe("the caret", () => {
  it("is solid while text moves, pulses when it rests, takes no room, and is gone at the end", async () => {
    const page = await open();
    await ask(page, "One?");
    // From the first words on, every state of the caret with what stands before it.
    await page.evaluate(() => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const state = target instanceof HTMLElement ? target.dataset["caret"] : undefined;
          if (state !== undefined && seen.at(-1) !== state) seen.push(state);
        }
      }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-caret"] });
    });
    const seen = (): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
    answer.say("Words that move for a while, ".repeat(12));
    await until(() => caret(page)).toBe("moving");
    expect(await caretStyle(page, "width", "animation-name", "position")).toEqual(["2px", "none", "absolute"]);
    expect((await caretStyle(page, "background-color"))[0]).not.toBe("rgba(0, 0, 0, 0)");
    await until(() => caret(page)).toBe("resting");
    expect((await caretStyle(page, "animation-name"))[0]).not.toBe("none");
    // It never rested in mid-flow.
    expect(await seen()).toEqual(["moving", "resting"]);
    answer.say("more words ".repeat(8));
    await until(() => caret(page)).toBe("moving");
    answer.end();
    await isComplete(page);
    expect(await caret(page)).toBeNull();
  });
});

describe("a lost connection", () => {
  it("is nobody's business for a second; then the caret is hollow and a quiet line offers to try at once", async () => {
    const page = await open();
    await ask(page, "One?");
    answer.say("Some words, ");
    await until(() => caret(page)).toBe("resting");
    // The page's clock, so that the second is one whatever the machine is doing.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    const failed = page.waitForEvent("requestfailed");
    world.server.down = true;
    await failed;
    await page.clock.runFor(900);
    expect(await page.getByTestId("reconnecting").count()).toBe(0);
    await page.clock.runFor(200);
    await page.getByTestId("reconnecting").waitFor();
    await page.clock.resume();
    expect(await page.getByTestId("reconnecting").innerText()).toBe("Reconnecting… · Retry now");
    expect(await page.getByRole("status").innerText()).toBe("Reconnecting…");
    const [background, border, animation] = await caretStyle(
      page,
      "background-color",
      "border-top-width",
      "animation-name",
    );
    expect([background, border, animation]).toEqual(["rgba(0, 0, 0, 0)", "1px", "none"]);
    // Nothing of what is there has gone, and nothing stands in the writer's way.
    expect(await page.getByTestId("answer-text").innerText()).toContain("Some words,");
    expect(await page.getByTestId("composer-input").isEditable()).toBe(true);
    expect(await page.getByTestId("answer-notice").count()).toBe(0);
    world.server.down = false;
    // The page tries by itself, too: by now it may be connected, and the button be gone.
    await page.evaluate(() => document.querySelector<HTMLElement>("[data-testid=retry-now]")?.click());
    await page.getByTestId("reconnecting").waitFor({ state: "detached" });
    answer.say("and more.");
    answer.end();
    await isComplete(page);
    expect(await page.getByTestId("answer-text").innerText()).toBe("Some words, and more.");
  });

  it("is not called a failure when somebody comes back to the tab: the server is asked what became of the answer", async () => {
    const page = await open();
    const { port } = new URL(world.server.url);
    await using proxy = await openFaultyProxy({ target: { port: Number(port) }, seed: 7 });
    await page.goto(`http://127.0.0.1:${proxy.port}`);
    await ask(page, "One?");
    answer.say("Some words, ");
    await page.getByTestId("answer-text").getByText("Some words,").waitFor();
    // The device sleeps: nothing reaches it, and the answer is finished meanwhile.
    proxy.refuse();
    proxy.cutAll("rst");
    await page.getByTestId("reconnecting").waitFor();
    answer.say("and its end.");
    answer.end();
    const states = page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = [];
          const look = (): void => {
            const state = document.querySelector<HTMLElement>("[data-testid=message-assistant]")?.dataset["state"];
            if (state !== undefined && seen.at(-1) !== state) seen.push(state);
            if (state === "completed") resolve(seen);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    proxy.accept();
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    expect(await states).toEqual(["running", "completed"]);
    expect(await page.getByTestId("answer-text").innerText()).toBe("Some words, and its end.");
    expect(world.server.starts).toBe(1);
  });

  it("is asked about before an answer that the server let go of is called lost", async () => {
    const page = await open();
    await ask(page, "One?");
    answer.say("Some words, ");
    await page.getByTestId("answer-text").getByText("Some words,").waitFor();
    const states = page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = [];
          const look = (): void => {
            const state = document.querySelector<HTMLElement>("[data-testid=message-assistant]")?.dataset["state"];
            if (state !== undefined && seen.at(-1) !== state) seen.push(state);
            if (state === "completed") resolve(seen);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    const gone = { type: "about:blank", title: "Gone", status: 409, code: "unknown-event-id" };
    await page.route("**/api/chat", (route) =>
      route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify(gone) }),
    );
    await page.route("**/api/conversations/*", async (route) => {
      answer.say("and its end.");
      answer.end();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    });
    world.server.cut();
    expect(await states).toEqual(["running", "completed"]);
    expect(await page.getByTestId("answer-text").innerText()).toBe("Some words, and its end.");
  });
});

describe("a failure", () => {
  it("stands under the text that was kept, with cause, way on and details, and does not go away by itself", async () => {
    const page = await open();
    await ask(page, "fail");
    await lastAnswer(page, "failed").waitFor();
    const text = await page.getByTestId("answer-text").boundingBox();
    const notice = page.getByTestId("answer-notice");
    const box = await notice.boundingBox();
    expect(await page.getByTestId("answer-text").innerText()).toBe("Kept words");
    expect(box?.y).toBeGreaterThanOrEqual((text?.y ?? 0) + (text?.height ?? 0));
    expect([box?.x, box?.width]).toEqual([text?.x, text?.width]);
    expect(await notice.innerText()).toMatch(/broke in mid-answer\.[\s\S]*Try again[\s\S]*provider-unavailable · The/u);
    expect(await styleOf(notice, "position")).toEqual(["static"]);
    expect(await page.locator("[role=alertdialog], [role=dialog]").count()).toBe(0);
  });
});

describe("what is said aloud", () => {
  it.each([
    {
      locale: "en-US",
      said: ["Answering", "Answer complete", "Answering", "The answer failed", "Answering", "Answer stopped"],
    },
    { locale: "zh-CN", said: ["开始回答", "回答完成", "开始回答", "回答失败", "开始回答", "回答已停止"] },
  ])("is that an answer began, is complete, failed or was stopped: $locale", async ({ locale, said }) => {
    const page = await open({ locale });
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      const region = document.querySelector("[role=status]");
      const note = (): void => {
        const words = region?.textContent ?? "";
        if (words !== "" && heard.at(-1) !== words) heard.push(words);
      };
      if (region !== null)
        new MutationObserver(note).observe(region, { subtree: true, childList: true, characterData: true });
    });
    await ask(page, "quick");
    await isComplete(page);
    await ask(page, "fail");
    await lastAnswer(page, "failed").waitFor();
    await ask(page, "One?");
    answer.say("Words. ");
    await page.getByTestId("answer-text").last().getByText("Words.").waitFor();
    await page.keyboard.press("Escape");
    answer.say("More.");
    await lastAnswer(page, "stopped").waitFor();
    expect(await page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard)).toEqual(said);
  });

  it("is never the answer word by word, nor that one ended when another conversation is looked at", async () => {
    const page = await open();
    const log = page.getByRole("log");
    expect(await log.count()).toBe(0);
    await ask(page, "quick");
    await isComplete(page);
    expect(await log.getAttribute("aria-live")).toBe("off");
    expect(await log.getByTestId("answer-text").count()).toBe(1);
    expect(await page.locator("[aria-live=polite], [aria-live=assertive], [role=alert]").count()).toBe(0);
    await page.getByTestId("new-chat").click();
    await ask(page, "One?");
    await until(() => page.getByRole("status").innerText()).toBe("Answering");
    await page.getByTestId("conversation-item").filter({ hasText: "quick" }).getByRole("link").click();
    await isComplete(page);
    expect(await page.getByRole("status").innerText()).toBe("");
    answer.end();
  });
});
