/** Streams an answer through a subject in a page, one delta a frame, and tells what that cost. Called by render.ts. */
import type { Browser, CDPSession, Page } from "playwright-core";
import { percentile } from "../table.ts";
import type { MountSubject, RenderSubject } from "./subject.ts";

declare global {
  var mountSubject: MountSubject;
  var streaming: { subject: RenderSubject; scroller: HTMLElement };
}

export interface RenderCost {
  /** CPU time of the page's main thread: scripts, styles, layout and paint. */
  totalMs: number;
  /** From before a delta is given to the subject until its frame is painted. */
  p95Ms: number;
  lastOverFirst: number;
  /** Frames in which the main thread was busy for longer than a sixtieth of a second. */
  lateFramesPercent: number;
}

export interface Bundle {
  script: string;
  style: string;
}

const charactersPerDelta = 4;
const tenths = 10;

export async function streamAnswer(browser: Browser, bundle: Bundle, text: string): Promise<RenderCost> {
  const { page, session } = await openSubject(browser, bundle);
  try {
    return await measure(page, session, text);
  } finally {
    await page.close();
  }
}

/**
 * 60 deltas a second, of an answer of which all but the last 10 s stand there already.
 *
 * @param browser with its frame rate as people have it.
 * @returns how many of the frames that were due did not come, in percent.
 */
export async function streamPaced(browser: Browser, bundle: Bundle, text: string): Promise<number> {
  const { page } = await openSubject(browser, bundle);
  try {
    const deltas = Math.ceil(text.length / charactersPerDelta);
    const from = Math.max(1, deltas - 600);
    await page.evaluate(streamPart, [text, from - 1, from, charactersPerDelta] as const);
    const beginMs = await page.evaluate(() => performance.now());
    const frames = await page.evaluate(streamPart, [text, from, deltas, charactersPerDelta] as const);
    const dueFrames = ((await page.evaluate(() => performance.now())) - beginMs) / (1000 / 60);
    return Math.max(0, (100 * (dueFrames - frames.length)) / dueFrames);
  } finally {
    await page.close();
  }
}

export async function openSubject(browser: Browser, bundle: Bundle): Promise<{ page: Page; session: CDPSession }> {
  const page = await browser.newPage({ viewport: { width: 900, height: 900 } });
  await page.setContent(
    `<!doctype html><style>${bundle.style}</style><body><div id="scroller"><div id="answer"></div></div>
      <style>#scroller{height:860px;overflow-y:auto}#answer{width:736px;margin:0 auto}</style></body>`,
  );
  await page.addScriptTag({ content: bundle.script });
  await page.evaluate(mount);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  return { page, session };
}

async function measure(page: Page, session: CDPSession, text: string): Promise<RenderCost> {
  const deltas = Math.ceil(text.length / charactersPerDelta);
  const cpuMs: number[] = [];
  const frames: number[] = [];
  for (let tenth = 0; tenth < tenths; tenth += 1) {
    const before = await cpuTimeMs(session);
    const from = Math.floor((deltas * tenth) / tenths);
    const to = Math.floor((deltas * (tenth + 1)) / tenths);
    frames.push(...(await page.evaluate(streamPart, [text, from, to, charactersPerDelta] as const)));
    cpuMs.push((await cpuTimeMs(session)) - before);
  }
  const shown = await page.evaluate(() => document.querySelector("#answer")?.textContent?.length ?? 0);
  if (shown < text.length / 2) throw new Error(`only ${shown} characters of ${text.length} are on the page`);
  return {
    totalMs: cpuMs.reduce((sum, each) => sum + each, 0),
    p95Ms: percentile(
      frames.toSorted((a, b) => a - b),
      0.95,
    ),
    lastOverFirst: (cpuMs.at(-1) ?? 0) / (cpuMs[0] ?? 1),
    lateFramesPercent: (100 * frames.filter((ms) => ms > 1000 / 60).length) / frames.length,
  };
}

export async function cpuTimeMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1000;
}

function mount(): void {
  const container = document.querySelector<HTMLElement>("#answer");
  const scroller = document.querySelector<HTMLElement>("#scroller");
  if (container === null || scroller === null) throw new Error("the page has no place for the answer");
  globalThis.streaming = { subject: globalThis.mountSubject(container), scroller };
}

/** Runs in the page. The reader stands at the end: the page scrolls with the text. */
export async function streamPart([text, from, to, size]: readonly [string, number, number, number]): Promise<number[]> {
  const { subject, scroller } = globalThis.streaming;
  const { port1, port2 } = new MessageChannel();
  const durations: number[] = [];
  for (let index = from; index < to; index += 1) {
    await new Promise<void>((resolve) => {
      requestAnimationFrame(() => {
        const startMs = performance.now();
        const end = (index + 1) * size;
        if (end < text.length) subject.receive(text.slice(0, end));
        else subject.end(text);
        scroller.scrollTop = scroller.scrollHeight;
        // Comes when the frame has been painted.
        port1.addEventListener(
          "message",
          () => {
            durations.push(performance.now() - startMs);
            resolve();
          },
          { once: true },
        );
        port1.start();
        port2.postMessage(null);
      });
    });
  }
  return durations;
}
