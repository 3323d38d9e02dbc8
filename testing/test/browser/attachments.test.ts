/** Files in the page, in a real Chromium over a real server: chosen, pasted, dropped, removed, refused, sent and shown. */
import { openChromium, openScriptedModel, openTypebarProcess } from "@typebar/testing";
import type { ScriptedModel, TypebarProcess } from "@typebar/testing";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";

const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const slow = { timeout: 15_000 };

let browser: Browser;
let model: ScriptedModel;
let server: TypebarProcess;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  [browser, model] = await Promise.all([openChromium(), openScriptedModel()]);
  server = await openTypebarProcess({
    env: {
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: "key",
      TYPEBAR_MODEL: "scripted",
      TYPEBAR_IMAGE_MODELS: "*/scripted",
    },
  });
});
afterAll(async () => {
  await Promise.all([browser?.close(), server?.[Symbol.asyncDispose]()]);
  await model?.close();
});
beforeEach(async () => {
  page = await browser.newPage({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|Uncaught/i.test(message.text())) complaints.push(message.text());
  });
  await page.goto(server.url);
  await page.getByTestId("model-picker").waitFor();
});
afterEach(async () => {
  await page.close();
  expect(complaints.splice(0)).toEqual([]);
});

function names(): Promise<string[]> {
  return page.locator('[data-testid="attachment"][data-state="ready"] .name').allInnerTexts();
}

/** As the browser hands files over that were pasted or dropped. */
async function give(kind: "paste" | "drop", name: string, text: string): Promise<void> {
  await page.evaluate(
    ([event, fileName, content]) => {
      const data = new DataTransfer();
      data.items.add(new File([content], fileName, { type: "text/plain" }));
      const field = document.querySelector('[data-testid="composer-input"]');
      const init = { bubbles: true, cancelable: true };
      if (event === "paste") field?.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: data }));
      else document.body.dispatchEvent(new DragEvent("drop", { ...init, dataTransfer: data }));
    },
    [kind, name, text] as const,
  );
}

it("sends chosen, pasted and dropped files with the question, and shows them with it, also after a reload", async () => {
  await page.getByTestId("file-chooser").setInputFiles([{ name: "dot.png", mimeType: "image/png", buffer: png }]);
  await expect.poll(names, slow).toEqual(["dot.png"]);
  await give("paste", "pasted.ts", "const pasted = 1;");
  await give("drop", "dropped.md", "# dropped");
  await expect.poll(names, slow).toEqual(["dot.png", "pasted.ts", "dropped.md"]);
  await page.getByRole("button", { name: "Remove “dropped.md”" }).click();
  await expect.poll(names, slow).toEqual(["dot.png", "pasted.ts"]);
  await page.getByTestId("composer-input").fill("What are these?");
  await page.getByTestId("composer-input").press("Enter");
  await page.locator('[data-testid="message-assistant"][data-state="completed"]').waitFor();
  expect(await page.getByTestId("attachments").count()).toBe(0);
  const shown = page.getByTestId("message-files");
  for (const reload of [false, true]) {
    if (reload) await page.reload();
    await shown.locator('img[alt="dot.png"]').waitFor();
    expect(await shown.innerText()).toContain("pasted.ts");
    const width = (): Promise<number> => shown.locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth);
    await expect.poll(width, slow).toBe(1);
  }
  const body = JSON.stringify(model.requests.at(-1)?.body ?? {});
  expect(body).toContain("data:image/png;base64,");
  expect(body).toContain("const pasted = 1;");
});

it("takes a pasted text that is longer than a message as a file, and leaves the field as it was", async () => {
  const field = page.getByTestId("composer-input");
  await field.fill("What is this?");
  const isTaken = (chars: number): Promise<boolean> =>
    field.evaluate((element, length) => {
      const data = new DataTransfer();
      data.setData("text/plain", "词".repeat(length));
      const paste = new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data });
      return !element.dispatchEvent(paste);
    }, chars);
  expect(await isTaken(100_000)).toBe(false);
  expect(await isTaken(100_001)).toBe(true);
  await expect.poll(names, slow).toEqual(["Pasted text.txt"]);
  expect(await field.inputValue()).toBe("What is this?");
  await field.press("Enter");
  await page.locator('[data-testid="message-assistant"][data-state="completed"]').waitFor();
  expect(JSON.stringify(model.requests.at(-1)?.body ?? {})).toContain("词".repeat(100_001));
});

it("says what cannot be attached, below nothing but the composer", async () => {
  await page
    .getByTestId("file-chooser")
    .setInputFiles([
      { name: "program.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0x7f, 0x45, 0, 1]) },
    ]);
  const notice = page.getByTestId("file-notice");
  await notice.waitFor();
  expect(await notice.innerText()).toContain("“program.bin” is neither an image");
  expect(await page.getByTestId("attachments").count()).toBe(0);
  await page.getByTestId("composer-input").fill("Words alone can be sent");
  expect(await page.getByTestId("send").isEnabled()).toBe(true);
});

it("shows how far a file is, stops sending it when it is removed, and sends one again that did not go", async () => {
  const devtools = await page.context().newCDPSession(page);
  const limit = (uploadThroughput: number): Promise<unknown> =>
    devtools.send("Network.emulateNetworkConditions", {
      offline: uploadThroughput === 0,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput,
    });
  await devtools.send("Network.enable");
  await limit(400_000);
  const large = Buffer.concat([png, Buffer.alloc(4_000_000)]);
  await page.getByTestId("file-chooser").setInputFiles([{ name: "large.png", mimeType: "image/png", buffer: large }]);
  const file = page.getByTestId("attachment");
  const value = (): Promise<number> => file.locator("progress").evaluate((bar: HTMLProgressElement) => bar.value);
  await expect.poll(value, slow).toBeGreaterThan(0);
  expect(await value()).toBeLessThan(100);
  expect(await file.innerText()).toMatch(/^large\.png\s+\d+% · 4 MB/u);
  expect(await page.getByTestId("send").isDisabled()).toBe(true);
  const stopped = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/attachments"));
  await page.getByRole("button", { name: "Do not send “large.png”" }).click();
  await stopped;
  expect(await file.count()).toBe(0);

  await limit(0);
  await page.getByTestId("file-chooser").setInputFiles([{ name: "dot.png", mimeType: "image/png", buffer: png }]);
  await file.getByRole("alert").waitFor();
  expect(await file.getByRole("alert").innerText()).toContain("Not sent");
  await page.getByTestId("composer-input").fill("Look");
  expect(await page.getByTestId("send").isDisabled()).toBe(true);
  await limit(-1);
  await page.getByRole("button", { name: "Try again: “dot.png”" }).click();
  await expect.poll(names, slow).toEqual(["dot.png"]);
  expect(await page.getByTestId("send").isEnabled()).toBe(true);
});

it("does not send an image to a model that cannot be shown any, and says so", async () => {
  await page.getByTestId("file-chooser").setInputFiles([{ name: "dot.png", mimeType: "image/png", buffer: png }]);
  await expect.poll(names, slow).toEqual(["dot.png"]);
  await page.getByTestId("model-picker").click();
  await page.getByRole("menuitemradio", { name: /overlaps/u }).click();
  await page.getByTestId("file-notice").waitFor();
  expect(await page.getByTestId("file-notice").innerText()).toContain("overlaps cannot be shown images");
  await page.getByTestId("composer-input").fill("Look");
  expect(await page.getByTestId("send").isDisabled()).toBe(true);
  await page.getByTestId("attachment-remove").click();
  expect(await page.getByTestId("send").isEnabled()).toBe(true);
});
