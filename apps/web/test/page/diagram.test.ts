/** Diagrams on the built page: drawn in a sandbox, when they are complete and near, and whatever they hold. */
import { openChromium } from "@typebar/testing";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startScriptedServer } from "../../dev/scripted-server.ts";
import type { ScriptedServer } from "../../dev/scripted-server.ts";

const flowchart = "flowchart TD\n  A[Ask] --> B{Known?}\n  B -->|yes| C[Answer 回答]";
const fenced = (source: string): string => `\`\`\`mermaid\n${source}\n\`\`\`\n`;

/** How long to wait for what is about to come. */
const patience = { timeout: 10_000, interval: 100 };

let folder: string;
let browser: Browser;
let server: ScriptedServer;
let canary: Server;
let page: Page;
let answer = "";
let delayMs = 1;
/** Requests that came to the server which nobody should ever ask. */
let leaks = 0;
/** Paths below /diagram/ that were asked for. */
let asked: string[] = [];

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options });
  await context.addInitScript(() => Object.assign(globalThis, { alert: () => document.body.append("HACKED") }));
  const opened = await context.newPage();
  opened.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/diagram/")) asked.push(pathname);
  });
  await opened.goto(server.url);
  await opened.getByTestId("composer-input").waitFor();
  return opened;
}

async function show(text: string, on = page): Promise<void> {
  answer = text;
  await on.getByTestId("composer-input").fill("Draw it.");
  await on.getByTestId("composer-input").press("Enter");
  await on.locator('[data-testid="message-assistant"][data-state="completed"]').last().waitFor();
}

const drawn = (on = page) => on.locator('figure[data-diagram="drawn"]');
const canaryUrl = (): string => {
  const address = canary.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "typebar-diagram-"));
  await build({
    root: join(import.meta.dirname, "../.."),
    logLevel: "error",
    build: { outDir: folder, emptyOutDir: true },
  });
  browser = await openChromium();
  canary = createServer((_request, response) => {
    leaks += 1;
    response.end();
  });
  await new Promise<void>((resolve) => {
    canary.listen(0, "127.0.0.1", resolve);
  });
});
afterAll(async () => {
  canary.close();
  await browser.close();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  delayMs = 1;
  asked = [];
  server = await startScriptedServer({
    answerTo: () => ({ chunks: answer.match(/[\s\S]{1,20}/gu) ?? [], delayMs }),
    page: folder,
  });
  page = await openPage();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await server.close();
  expect(leaks).toBe(0);
});

describe("a diagram", () => {
  it("is drawn in a frame that has neither the page's origin nor a place in the order of the tab key", async () => {
    await show(`Look:\n\n${fenced(flowchart)}\nSo.`);
    await drawn().waitFor();
    const frame = drawn().locator("iframe");
    expect(await frame.getAttribute("sandbox")).toBe("allow-scripts");
    expect(await frame.getAttribute("title")).toBe("Diagram");
    expect(await frame.evaluate((element: HTMLIFrameElement) => [element.tabIndex, element.contentDocument])).toEqual([
      -1,
      null,
    ]);
    const labels = frame.contentFrame().locator("svg");
    for (const words of ["Ask", "Known?", "Answer 回答"]) expect(await labels.textContent()).toContain(words);
  });

  it("is as large as the drawing, and no wider than the page", async () => {
    await show(fenced(flowchart));
    await drawn().waitFor();
    const [own, natural] = await Promise.all([
      drawn().locator("iframe").boundingBox(),
      drawn()
        .locator("iframe")
        .contentFrame()
        .locator("svg")
        .evaluate((svg: SVGSVGElement) => [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height]),
    ]);
    expect([own?.width, own?.height].map((size) => Math.round(size ?? 0))).toEqual(
      natural.map((size) => Math.round(size)),
    );
    const phone = await openPage({ viewport: { width: 390, height: 844 } });
    await show(
      fenced(`flowchart LR\n${Array.from({ length: 12 }, (_, at) => `n${at} --> n${at + 1}`).join("\n")}`),
      phone,
    );
    await drawn(phone).waitFor();
    const scroller = drawn(phone).locator(".diagram");
    expect(await scroller.evaluate((element) => element.scrollWidth > element.clientWidth)).toBe(true);
    await scroller.focus();
    await phone.keyboard.press("ArrowRight");
    await expect.poll(() => scroller.evaluate((element) => element.scrollLeft), patience).toBeGreaterThan(0);
    expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  it("can be looked at as source and copied, by keyboard", async () => {
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await show(fenced(flowchart));
    await drawn().waitFor();
    const source = page.getByTestId("answer-text").locator("pre");
    expect(await source.isVisible()).toBe(false);
    const toggle = page.getByRole("button", { name: "Source", exact: true });
    await toggle.focus();
    await page.keyboard.press("Enter");
    expect(await source.isVisible()).toBe(true);
    expect(await source.textContent()).toBe(flowchart);
    expect(await page.locator(".diagram").isVisible()).toBe(false);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText()), patience).toBe(flowchart);
    await page.getByRole("button", { name: "Diagram", exact: true }).click();
    expect(await page.locator(".diagram").isVisible()).toBe(true);
  });

  it("shows its source until it is drawn, and moves what is below once", async () => {
    delayMs = 10;
    answer = `Look:\n\n${fenced(flowchart)}\nBelow.`;
    await page.getByTestId("composer-input").fill("Draw it.");
    await page.getByTestId("composer-input").press("Enter");
    const heights = await page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          const seen: number[] = [];
          const look = (): void => {
            const figure = document.querySelector<HTMLElement>("figure");
            const complete = figure !== null && figure.nextElementSibling !== null;
            if (complete && seen.at(-1) !== figure.offsetHeight) seen.push(figure.offsetHeight);
            if (figure?.dataset["diagram"] === "drawn" && complete) resolve(seen);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    expect(heights.length).toBeLessThanOrEqual(2);
  });

  it("is dark on a dark page, and again light on a light one", async () => {
    await show(fenced(flowchart));
    await drawn().waitFor();
    const colour = (): Promise<string> =>
      drawn()
        .locator("iframe")
        .contentFrame()
        .locator(".edgeLabel")
        .first()
        .evaluate((label) => getComputedStyle(label).color);
    const light = await colour();
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(colour, patience).not.toBe(light);
    await page.emulateMedia({ colorScheme: "light" });
    await expect.poll(colour, patience).toBe(light);
  });

  it("loads nothing for a page without one, nor for one that is far away", async () => {
    await show("```js\nmermaid\n```\n\nNo diagram.");
    expect(asked).toEqual([]);
    const far = "A line of text.\n\n".repeat(300);
    await show(`${far}${fenced(flowchart)}\n${far}`);
    await page.reload();
    await page.getByTestId("answer-text").last().getByText("A line of text.").last().waitFor();
    asked = [];
    await page.waitForTimeout(300);
    expect(asked).toEqual([]);
    // What is on the way is laid out only when it comes near.
    const scrolled = async (): Promise<number> => {
      await page
        .locator("figure")
        .last()
        .evaluate((figure) => figure.scrollIntoView());
      return drawn().count();
    };
    await expect.poll(scrolled, patience).toBe(1);
    expect(asked[0]).toBe("/diagram/index.html");
  });
});

describe("a diagram that cannot be drawn", () => {
  const failed = "This diagram cannot be drawn.";

  it("stays as its source, with a word about it", async () => {
    await show(fenced("flowchart TD\n  A[[ --> ((("));
    await page.getByText(failed).waitFor();
    expect(await page.getByTestId("answer-text").locator("pre").innerText()).toContain("A[[ -->");
    expect(await page.locator("iframe").count()).toBe(0);
  });

  it("stays as its source where it is too long", async () => {
    await show(fenced(`flowchart TD\n${"  a --> b\n".repeat(3000)}`));
    await page.getByText(failed).waitFor();
    expect(asked).toEqual([]);
  });

  it("stays as its source where the frame says what cannot be, or nothing in time", async () => {
    // The frame's time passes in a moment.
    await page.context().addInitScript(() => {
      const later = globalThis.setTimeout;
      const sooner = (run: () => void, ms: number): unknown => later(run, ms === 20_000 ? 1000 : ms);
      Object.assign(globalThis, { setTimeout: sooner });
    });
    await page.reload();
    let script = "";
    await page.route("**/diagram/index.html", (route) =>
      route.fulfill({ contentType: "text/html", body: `<script>${script}</script>` }),
    );
    script =
      "addEventListener('message', ({ ports: [port] }) => { port.onmessage = () => port.postMessage({ type: 'drawn', width: 1e9, height: 'x' }) })";
    await show(fenced(flowchart));
    await page.getByText(failed).waitFor();
    script = "for (;;);";
    await show(fenced(flowchart));
    await page.getByText(failed).nth(1).waitFor();
    expect(await page.locator("iframe").count()).toBe(0);
  });
});

describe("a hostile diagram", () => {
  it.each([
    ["a click that calls", () => 'flowchart TD\n  A --> B\n  click A call alert("x")\n  click B alert'],
    [
      "links",
      () => `flowchart TD\n  A --> B\n  click A "${canaryUrl()}/click" _self\n  click B href "javascript:alert(1)"`,
    ],
    [
      "HTML in labels",
      () => `flowchart TD\n  A["<img src=${canaryUrl()}/x onerror=alert(1)><script>alert(1)</script>"] --> B`,
    ],
    ["an image", () => `flowchart TD\n  A@{ img: "${canaryUrl()}/pixel.png", label: "x", h: 60 }\n  A --> B`],
    [
      "styles",
      () =>
        `flowchart TD\n  A --> B\n  style A fill:url(${canaryUrl()}/style)\n  classDef c background-image:url(${canaryUrl()}/class)\n  class B c`,
    ],
    [
      "settings of its own",
      () =>
        `%%{init: {"securityLevel":"loose","themeCSS":"@import url(${canaryUrl()}/css);","htmlLabels":true}}%%\nflowchart TD\n  A["<img src=x onerror=alert(1)>"] --> B\n  click A call alert()`,
    ],
    [
      "a front matter",
      () =>
        `---\nconfig:\n  securityLevel: loose\n  fontFamily: "x;background:url(${canaryUrl()}/font)"\n---\nflowchart TD\n  A["<svg onload=alert(1)>"] --> B`,
    ],
    [
      "links of a sequence",
      () =>
        `sequenceDiagram\n  participant A\n  link A: x @ javascript:alert(1)\n  links A: {"y": "${canaryUrl()}/y"}\n  A->>A: <iframe src="${canaryUrl()}"></iframe>`,
    ],
    [
      "links of a Gantt chart",
      () =>
        `gantt\n  dateFormat YYYY-MM-DD\n  section S\n  T :t, 2026-01-01, 3d\n  click t href "${canaryUrl()}/gantt"\n  click t call alert()`,
    ],
    ["too many edges", () => `flowchart TD\n${Array.from({ length: 900 }, (_, at) => `a${at}-->b${at}`).join("\n")}`],
  ])("does nothing: %s", async (_name, source) => {
    await show(fenced(source()));
    const figure = page.getByTestId("answer-text").locator("figure");
    await figure.and(page.locator("[data-diagram=drawn], :has(.diagram-note)")).waitFor();
    const frame = figure.locator("iframe");
    if ((await frame.count()) > 0) {
      const svg = frame.contentFrame().locator("svg").first();
      expect(await svg.locator("[href^='http'], [href^='javascript'], script, iframe").count()).toBe(0);
      // Even with a pointer that reaches into the frame.
      for (const target of await svg.locator("g.clickable, a, rect, g.node").all()) await target.dispatchEvent("click");
      expect(await frame.contentFrame().locator("body").innerText()).not.toContain("HACKED");
    }
    expect(await page.locator("body").innerText()).not.toContain("HACKED");
    expect(page.url()).toMatch(/\/c\/[\w-]+$/u);
  });
});
