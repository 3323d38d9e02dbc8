/** What an answer costs the browser while it streams: 4 characters a frame, beside other renderers of markdown. */
import { openChromium } from "@typebar/testing";
import type { Browser } from "playwright-core";
import { join } from "node:path";
import type { BenchResult, BenchRow } from "../table.ts";
import { answerOf } from "./answer.ts";
import { bundleSubject } from "./bundle.ts";
import { streamFloods } from "./floods.ts";
import { streamAnswer, streamPaced } from "./stream.ts";

const ownSubject = "typebar";
const entries: Readonly<Record<string, string>> = {
  typebar: join(import.meta.dirname, "../../apps/web/dev/typewriter-subject.ts"),
  streamdown: "subjects/streamdown-main.ts",
  "markstream-vue": "subjects/markstream-vue-main.ts",
  "streaming-markdown": "subjects/streaming-markdown-main.ts",
  "plain-text": "subjects/plain-text-main.ts",
  marked: "subjects/marked-main.ts",
};
/** Renders the whole anew with each delta: 100 KB would take a quarter of an hour. */
const only20Kb = new Set(["marked"]);

/** Frames follow one another as fast as they are made. */
const unthrottled = ["--disable-frame-rate-limit", "--disable-gpu-vsync"];

export async function benchRender(options: { subjects?: readonly string[] | undefined }): Promise<BenchResult> {
  await using opened = new AsyncDisposableStack();
  const browser = opened.adopt(await openChromium(unthrottled), (each) => each.close());
  const paced = opened.adopt(await openChromium(), (each) => each.close());
  const rows: BenchRow[] = [];
  for (const subject of options.subjects ?? Object.keys(entries))
    rows.push(...(await benchSubject(browser, paced, subject)));
  return { name: "render", rows };
}

async function benchSubject(browser: Browser, paced: Browser, subject: string): Promise<BenchRow[]> {
  const entry = entries[subject];
  if (entry === undefined) throw new Error(`there is no subject ${subject} of render`);
  const bundle = await bundleSubject(entry);
  const rows: BenchRow[] = [];
  for (const kb of only20Kb.has(subject) ? [20] : [20, 100]) {
    const cost = await streamAnswer(browser, bundle, answerOf(kb * 1000));
    rows.push(
      { subject, metric: `total_ms_${kb}kb`, unit: "ms", value: cost.totalMs },
      { subject, metric: `p95_ms_${kb}kb`, unit: "ms", value: cost.p95Ms },
      { subject, metric: `last_over_first_${kb}kb`, unit: "ratio", value: cost.lastOverFirst },
      { subject, metric: `late_frames_${kb}kb`, unit: "%", value: cost.lateFramesPercent },
    );
  }
  const longest = answerOf(only20Kb.has(subject) ? 20_000 : 100_000);
  rows.push({ subject, metric: "dropped_at_60", unit: "%", value: await streamPaced(paced, bundle, longest) });
  if (subject !== ownSubject) return rows;
  const [worst, ...others] = await streamFloods(browser, bundle);
  console.log(
    `hostile text, ms of CPU a frame: ${[worst, ...others.slice(0, 4)].map((cost) => `${cost?.name} ${cost?.frameMs.toFixed(1)}`).join(", ")}`,
  );
  rows.push({ subject, metric: "hostile_frame_ms_100kb", unit: "ms", value: worst?.frameMs ?? Number.NaN });
  return rows;
}
