import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGraphemes } from "../../src/typewriter/graphemes.ts";
import { nextPace, startPace } from "../../src/typewriter/pacer.ts";
import type { Pace } from "../../src/typewriter/pacer.ts";

const graphemes = createGraphemes();

function boundaries(text: string): Set<number> {
  const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text);
  return new Set([...segments].map(({ index }) => index).concat(text.length));
}

/** Frames of 16 ms over text that arrives in `cuts`, one piece a frame; then the end. */
function frames(text: string, cuts: number[], instant = false): Pace[] {
  const paces: Pace[] = [];
  let pace = startPace;
  let nowMs = 0;
  for (const cut of cuts) {
    pace = nextPace(pace, { text: text.slice(0, cut), ended: false, instant, nowMs, graphemes });
    paces.push(pace);
    nowMs += 16;
  }
  const endedMs = nowMs;
  while (nowMs - endedMs <= 300 && pace.shown < text.length) {
    pace = nextPace(pace, { text, ended: true, instant, nowMs, graphemes });
    paces.push(pace);
    nowMs += 16;
  }
  return paces;
}

const clusters = fc.constantFrom(
  "a",
  " ",
  "你",
  "好",
  "é",
  "e\u0301",
  "👨‍👩‍👧‍👦",
  "🇨🇳",
  "🇩🇪",
  "👍🏽",
  "ก็",
  "\r\n",
  "क्षि",
  "한",
  "\u200d",
  "🏽",
  "🇫",
);
const texts = fc.array(clusters, { maxLength: 60 }).map((parts) => parts.join(""));

describe("the pacer", () => {
  it("shows whole grapheme clusters only, wherever the stream is cut", () => {
    fc.assert(
      fc.property(texts, fc.boolean(), fc.integer({ min: 1, max: 3 }), (text, instant, step) => {
        const at = boundaries(text);
        const cuts = Array.from({ length: Math.floor(text.length / step) }, (_, index) => index * step);
        for (const { shown } of frames(text, cuts, instant)) expect(at).toContain(shown);
      }),
    );
  });

  it("never takes anything back", () => {
    fc.assert(
      fc.property(texts, fc.array(fc.nat(200), { maxLength: 30 }), (text, cuts) => {
        const order = cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b);
        let before = 0;
        for (const { shown } of frames(text, order)) {
          expect(shown).toBeGreaterThanOrEqual(before);
          before = shown;
        }
      }),
    );
  });

  it.each([1, 100, 5000, 100_000])(
    "shows everything within 300 ms of the end, with %i characters waiting",
    (length) => {
      expect(frames("x".repeat(length), []).at(-1)?.shown).toBe(length);
    },
  );

  it("holds the last cluster back until it cannot grow", () => {
    const held = nextPace(startPace, { text: "ab👩", ended: false, instant: true, nowMs: 0, graphemes });
    expect(held.shown).toBe(2);
    const grown = nextPace(held, { text: "ab👩‍💻", ended: false, instant: true, nowMs: 16, graphemes });
    expect(grown.shown).toBe(2);
    expect(nextPace(grown, { text: "ab👩‍💻", ended: true, instant: true, nowMs: 32, graphemes }).shown).toBe(7);
  });

  it("waits for the other half of a character", () => {
    const half = "👍" + "🏽".charAt(0);
    expect(nextPace(startPace, { text: half, ended: false, instant: true, nowMs: 0, graphemes }).shown).toBe(0);
  });

  it("lets a lump of text flow over several frames", () => {
    const text = "word ".repeat(200);
    let pace = startPace;
    const steps = new Set<number>();
    for (let nowMs = 0; nowMs < 200; nowMs += 16) {
      pace = nextPace(pace, { text, ended: false, instant: false, nowMs, graphemes });
      steps.add(pace.shown);
    }
    expect(steps.size).toBeGreaterThan(10);
    expect(pace.shown).toBeLessThan(text.length);
  });

  it("keeps up with a steady stream: what waits stays below what arrives in half a second", () => {
    const perFrame = 8;
    let pace = startPace;
    let length = 0;
    for (let frame = 0; frame < 600; frame += 1) {
      length += perFrame;
      pace = nextPace(pace, { text: "x".repeat(length), ended: false, instant: false, nowMs: frame * 16, graphemes });
    }
    expect(length - pace.shown).toBeLessThan((perFrame * 500) / 16);
  });

  it.each([200, 1000, 20_000])(
    "works a backlog of %i off in 250 to 400 ms: so much of it comes with each frame",
    (backlog) => {
      const text = "x".repeat(backlog + 1);
      const step = { text, ended: false, instant: false, graphemes };
      const first = nextPace(startPace, { ...step, nowMs: 0 });
      const waiting = backlog - first.shown;
      const { shown } = nextPace(first, { ...step, nowMs: 16 });
      expect(shown - first.shown).toBeGreaterThanOrEqual(Math.floor((waiting * 16) / 400));
      expect(shown - first.shown).toBeLessThanOrEqual(Math.ceil((waiting * 16) / 250));
    },
  );

  it("holds back what the next delta may join: a flag's half, a joiner, a skin tone, a jamo, a line's end", () => {
    for (const [come, more] of [
      ["a🇩", "🇪"],
      ["a👩\u200d", "💻"],
      ["a👍", "🏽"],
      ["aᄀ", "\u1161"],
      ["a\r", "\n"],
      ["ae", "\u0301"],
      ["a#", "\ufe0f\u20e3"],
    ] as const) {
      const held = nextPace(startPace, { text: come, ended: false, instant: true, nowMs: 0, graphemes });
      expect([come, held.shown]).toEqual([come, 1]);
      const text = `${come}${more}!`;
      const whole = nextPace(held, { text, ended: false, instant: true, nowMs: 16, graphemes });
      expect([text, whole.shown]).toEqual([text, text.length - 1]);
    }
  });

  it("shows all of it in time though frames come late", () => {
    const text = "word ".repeat(4000);
    let pace = nextPace(startPace, { text, ended: false, instant: false, nowMs: 0, graphemes });
    for (const nowMs of [16, 120, 260, 300])
      pace = nextPace(pace, { text, ended: true, instant: false, nowMs, graphemes });
    expect(pace.shown).toBe(text.length);
  });

  it("shows everything at once where it is bypassed", () => {
    expect(nextPace(startPace, { text: "a long text.", ended: true, instant: true, nowMs: 0, graphemes }).shown).toBe(
      12,
    );
  });
});
