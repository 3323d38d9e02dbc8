/** What hostile text of 100 KB costs a frame: the floods of the tests, each streamed through the page's renderer. Called by render.ts. */
import { markdownFloods } from "@typebar/testing";
import type { Browser } from "playwright-core";
import { cpuTimeMs, openSubject, streamPart } from "./stream.ts";
import type { Bundle } from "./stream.ts";

export interface FloodCost {
  name: string;
  /** CPU time of the main thread for a frame, near the end of the text: the mean of `frames`. */
  frameMs: number;
}

const characters = 100_000;
const frames = 20;

export async function streamFloods(browser: Browser, bundle: Bundle): Promise<FloodCost[]> {
  const costs: FloodCost[] = [];
  for (const [name, flood] of Object.entries(markdownFloods)) {
    const { page, session } = await openSubject(browser, bundle);
    const text = flood(characters);
    const size = 4;
    const deltas = Math.ceil(text.length / size);
    // All but the last of it comes at once, then in deltas.
    await page.evaluate(streamPart, [text, deltas - frames - 1, deltas - frames, size] as const);
    const before = await cpuTimeMs(session);
    await page.evaluate(streamPart, [text, deltas - frames, deltas, size] as const);
    costs.push({ name, frameMs: ((await cpuTimeMs(session)) - before) / frames });
    await page.close();
  }
  return costs.toSorted((a, b) => b.frameMs - a.frameMs);
}
