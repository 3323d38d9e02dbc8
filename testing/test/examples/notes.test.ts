/** The smallest examples, one per framework: one page publishes and follows, over a cut and over a restart of the server. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openChromium, openFaultyProxy } from "../../src/index.ts";
import { openExample } from "./example-process.ts";

const waitMs = { timeout: 15_000 };

let browser: Browser;
beforeAll(async () => void (browser = await openChromium()));
afterAll(() => browser?.close());

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel("Note").fill(text);
  await page.getByRole("button", { name: "Publish" }).click();
}

async function post(url: string, body: string): Promise<number> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${url}/notes`, { method: "POST", headers, body });
  return response.status;
}

function publish(url: string, text: string): Promise<number> {
  return post(url, JSON.stringify({ text }));
}

function expectNotes(page: Page, notes: readonly string[]): Promise<void> {
  return expect.poll(() => page.locator("li").allTextContents(), waitMs).toEqual(notes);
}

function expectStatus(page: Page, status: string): Promise<void> {
  return expect.poll(() => page.getByRole("status").textContent(), waitMs).toBe(status);
}

describe.each(["express", "fastify", "hono"])("examples/%s", (name) => {
  it("publishes to every page, goes on after a cut without a loss or a double, and begins anew with the server", async () => {
    await using example = await openExample(name);
    await using proxy = await openFaultyProxy({ target: { port: example.port }, seed: 1 });
    const [page, other] = await Promise.all([browser.newPage(), browser.newPage()]);
    await page.goto(proxy.url);
    await expectStatus(page, "");
    await write(page, "first");
    await expectNotes(page, ["first"]);
    await other.goto(example.url);
    await expectNotes(other, ["first"]);

    for (const noNote of ['{"text":""}', `{"text":"${"x".repeat(501)}"}`, "null", "{"]) {
      expect(await post(example.url, noNote)).toBe(400);
    }

    proxy.refuse();
    proxy.cutAll();
    await expectStatus(page, "reconnecting…");
    expect(await publish(example.url, "second")).toBe(204);
    expect(await publish(example.url, "third")).toBe(204);
    await expectNotes(other, ["third", "second", "first"]);
    expect(await page.locator("li").allTextContents()).toEqual(["first"]);
    proxy.accept();
    await expectNotes(page, ["third", "second", "first"]);
    await expectStatus(page, "");

    await example.kill();
    await example.start();
    await expectNotes(page, []);
    await expectNotes(other, []);
    await write(page, "fourth");
    await expectNotes(page, ["fourth"]);
    await expectNotes(other, ["fourth"]);
    await Promise.all([page.close(), other.close()]);
  });
});
