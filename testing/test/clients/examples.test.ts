/** The example pages, built and used in Chromium: a reload in mid-answer, a restart of the server, a stop. */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { build, preview, type PreviewServer } from "vite";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openChromium, scriptedAnswer } from "../../src/index.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";

const rootDir = join(import.meta.dirname, "../../..");

let browser: Browser;
let world: ClientWorld;
beforeAll(async () => void ([browser, world] = await Promise.all([openChromium(), openClientWorld()])));
afterAll(() => Promise.all([browser?.close(), world?.[Symbol.asyncDispose]()]));

async function openExample(name: string): Promise<PreviewServer> {
  const root = join(rootDir, "examples", name);
  vi.stubEnv("TYPEBAR_URL", world.server.url);
  const config = {
    root,
    logLevel: "error" as const,
    build: { outDir: join(rootDir, "node_modules/.cache/typebar-examples", name), emptyOutDir: true },
  };
  await build(config);
  return preview({ ...config, preview: { port: 0, host: "127.0.0.1" } });
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Message").fill(question);
  await page.getByRole("button", { name: "Send" }).click();
}

async function readAnswer(page: Page): Promise<string> {
  return (await page.locator(".assistant").allTextContents()).at(-1) ?? "";
}

describe.each(["vue", "react", "ai-sdk-vue", "ai-sdk-react"])("examples/%s", (name) => {
  let example: PreviewServer;
  let page: Page;
  beforeAll(async () => {
    example = await openExample(name);
    page = await browser.newPage();
    await page.goto(example.resolvedUrls?.local[0] ?? "");
  });
  afterAll(async () => {
    await page?.close();
    await example?.close();
    vi.unstubAllEnvs();
  });

  it("shows the whole answer, over a reload in its middle and a restart of the server", async () => {
    const question = `script:mixed:1:600:${name} deltas:60 delay:4 hold:30`;
    await ask(page, question);
    await expect.poll(async () => (await readAnswer(page)).length).toBeGreaterThan(100);
    await page.reload();
    await expect.poll(async () => (await readAnswer(page)).length).toBeGreaterThan(100);
    await world.restart();
    world.model.release(question);
    await expect.poll(() => readAnswer(page), { timeout: 15_000 }).toBe(scriptedAnswer(question));
    await page.getByRole("button", { name: "Send" }).waitFor();
    expect(await page.locator(".message").count()).toBe(2);
    expect(await page.getByRole("alert").count()).toBe(0);
    world.expectAskedOnce(question, 1);
  });

  it("stops the model, also after a reload, and answers the next question", async () => {
    const question = `script:mixed:2:600:${name} deltas:60 delay:4 hold:30`;
    await ask(page, question);
    await world.model.waitFor(({ key, deltasSent }) => key === question && deltasSent === 30);
    await page.reload();
    await expect.poll(async () => (await readAnswer(page)).length).toBeGreaterThan(100);
    await page.getByRole("button", { name: "Stop" }).click();
    await world.model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
    const next = `script:plain:3:90:${name}`;
    await ask(page, next);
    await expect.poll(() => readAnswer(page)).toBe(scriptedAnswer(next));
    world.expectAskedOnce(question);
  });
});
