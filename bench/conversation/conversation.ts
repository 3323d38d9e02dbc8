/** What a conversation of 5,000 messages costs the page, beside one of 40 and beside its bare text. */
import { openChromium, openScriptedModel, openTypebarProcess, writeLongConversation } from "@typebar/testing";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { percentile } from "../table.ts";
import type { BenchResult, BenchRow } from "../table.ts";
import { frameTimes, lastSeenMs } from "./in-page.ts";

const rounds = 5;
/** Slower than this a person sees it. */
const lateFrameMs = 50;

export async function benchConversation(): Promise<BenchResult> {
  const long = await benchTypebar("typebar", 5000);
  const short = await benchTypebar("typebar-40", 40);
  const bare = await benchBarePage("bare-page", long.text);
  return { name: "conversation", rows: [...long.rows, ...short.rows, ...bare] };
}

/** @returns also what a person can read there. */
async function benchTypebar(subject: string, messages: number): Promise<{ rows: BenchRow[]; text: string }> {
  await using opened = new AsyncDisposableStack();
  const model = opened.use(await openScriptedModel());
  const browser = opened.adopt(await openChromium(), (each) => each.close());
  const server = opened.use(
    await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_MODEL: "scripted" } }),
  );
  await server.kill("SIGTERM");
  const { id } = writeLongConversation(server.dataDir, messages);
  await server.start();
  const url = `${server.url}/c/${id}`;
  const rows = await benchReading(browser, subject, url, ".turn");
  const switches: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await using page = await openPage(browser);
    await page.goto(server.url);
    const link = page.locator(`[data-conversation="${id}"] a`);
    await link.waitFor();
    await page.waitForTimeout(500);
    const beginMs = await page.evaluate(() => performance.now());
    await link.click();
    switches.push((await page.evaluate(lastSeenMs, ".turn")) - beginMs);
  }
  await using page = await openPage(browser);
  await page.goto(url);
  await page.evaluate(lastSeenMs, ".turn");
  await settled(page);
  const text = await page.getByTestId("transcript").evaluate((element) => element.textContent);
  rows.push(
    { subject, metric: "switch_ms", unit: "ms", value: median(switches) },
    { subject, metric: "streaming_frame_ms", unit: "ms", value: await streamingFrameMs(page) },
  );
  return { rows, text };
}

/** The same text in paragraphs, with nothing around it and no script: what a browser needs at the least. */
async function benchBarePage(subject: string, text: string): Promise<BenchRow[]> {
  await using opened = new AsyncDisposableStack();
  const paragraphs = text.split("\n").map((line) => `<p>${line.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</p>`);
  const html = `<!doctype html><meta charset="utf-8"><style>p{white-space:pre-wrap;max-width:736px}</style>${paragraphs.join("")}<script>scrollTo(0,1e9)</script>`;
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(html));
  opened.adopt(server, closeServer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const browser = opened.adopt(await openChromium(), (each) => each.close());
  return await benchReading(browser, subject, `http://127.0.0.1:${port}/`, "p");
}

/** @param parts the elements of which the last is looked for. */
async function benchReading(browser: Browser, subject: string, url: string, parts: string): Promise<BenchRow[]> {
  const opens: number[] = [];
  const frames: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await using page = await openPage(browser);
    await page.goto(url, { waitUntil: "commit" });
    opens.push(await page.evaluate(lastSeenMs, parts));
    await settled(page);
    await page.mouse.move(640, 400);
    const measured = page.evaluate(frameTimes, 3000);
    for (let turn = 0; turn < 60; turn += 1) {
      await page.mouse.wheel(0, -600);
      await page.waitForTimeout(40);
    }
    frames.push(...(await measured));
  }
  const sorted = frames.toSorted((a, b) => a - b);
  return [
    { subject, metric: "open_ms", unit: "ms", value: median(opens) },
    { subject, metric: "wheel_frame_p99_ms", unit: "ms", value: percentile(sorted, 0.99) },
    {
      subject,
      metric: "wheel_late_frames",
      unit: "%",
      value: (100 * frames.filter((ms) => ms > lateFrameMs).length) / frames.length,
    },
  ];
}

/** CPU time of the main thread for a frame, while an answer is typed at the end. */
async function streamingFrameMs(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  const cpuMs = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1000;
  };
  await page.getByTestId("composer-input").fill("script:plain:5:6000 delay:16 deltas:600");
  await page.getByTestId("send").click();
  await page.getByTestId("stop").waitFor();
  await page.waitForTimeout(1000);
  const before = await cpuMs();
  const frames = await page.evaluate(frameTimes, 5000);
  return ((await cpuMs()) - before) / frames.length;
}

/** What comes after the first sight has come. */
function settled(page: Page): Promise<void> {
  return page.waitForTimeout(2500);
}

function openPage(browser: Browser): Promise<Page> {
  return browser.newPage({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
}

function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
