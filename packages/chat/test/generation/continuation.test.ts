import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chooseRungs, type ContinuationSetting, createContinuationGuard } from "../../src/generation/continuation.ts";
import type { ContinuationRung } from "../../src/provider/provider.ts";

/** What is shown of a continuation that comes in these pieces; `undefined` where it is judged to have diverged. */
function shown(kept: string, rung: ContinuationRung, pieces: readonly string[]): string | undefined {
  const guard = createContinuationGuard(kept, rung);
  let text = "";
  for (const piece of pieces) {
    const more = guard.add(piece);
    if (more === undefined) return undefined;
    text += more;
  }
  const rest = guard.end();
  return rest === undefined ? undefined : text + rest;
}

/** A text that repeats nothing: each word has its number. */
const text = fc
  .tuple(
    fc.array(fc.constantFrom("word", "字", "👩‍🚀", "a\nb", "data: x", "- "), { minLength: 8, maxLength: 60 }),
    fc.nat(),
  )
  .map(([words, seed]) => words.map((word, index) => `${seed + index}:${word} `).join(""));

/** A cut between code points, as a share of the text. */
const share = fc.double({ min: 0.02, max: 0.98, noNaN: true });

function cutAt(value: string, at: number): [string, string] {
  const points = Array.from(value);
  const index = Math.max(1, Math.round(points.length * at));
  return [points.slice(0, index).join(""), points.slice(index).join("")];
}

function inPieces(value: string, sizes: readonly number[]): string[] {
  const points = Array.from(value);
  const pieces: string[] = [];
  for (let at = 0, turn = 0; at < points.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(points.slice(at, at + size).join(""));
    at += size;
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe("which ways of going on are tried", () => {
  test.each<[ContinuationSetting, ContinuationRung[], ContinuationRung[]]>([
    ["auto", ["resume", "prefill", "prompt"], ["resume", "prefill", "prompt"]],
    ["auto", [], []],
    ["prefill", ["resume", "prefill", "prompt"], ["resume", "prefill"]],
    ["prompt", ["prefill", "prompt"], ["prompt"]],
    ["prompt", ["prefill"], []],
    ["none", ["resume", "prefill", "prompt"], []],
  ])("%s of %j: %j", (setting, offered, rungs) => {
    expect(chooseRungs(offered, setting)).toEqual(rungs);
  });
});

describe("going on with a text that was cut anywhere", () => {
  test.each<ContinuationRung>(["resume", "prefill", "prompt"])("takes what goes on exactly as it is (%s)", (rung) => {
    fc.assert(
      fc.property(text, share, sizes, (whole, at, cuts) => {
        // A few characters by `prompt` could be a new start as well: below.
        const [kept, rest] = cutAt(whole, at);
        fc.pre(rung !== "prompt" || kept.length >= 6);
        expect(shown(kept, rung, inPieces(rest, cuts))).toBe(rest);
      }),
    );
  });

  test.each<ContinuationRung>(["prefill", "prompt"])("swallows what a model says again from the start (%s)", (rung) => {
    fc.assert(
      fc.property(text, share, sizes, (whole, at, cuts) => {
        const [kept, rest] = cutAt(whole, at);
        fc.pre(rung === "prompt" || kept.length >= 4);
        expect(shown(kept, rung, inPieces(whole, cuts))).toBe(rest);
      }),
    );
  });

  test.each<ContinuationRung>(["prefill", "prompt"])("sees that a new start says something else (%s)", (rung) => {
    fc.assert(
      fc.property(text, share, sizes, (whole, at, cuts) => {
        const [kept, rest] = cutAt(whole, at);
        fc.pre(kept.length > 40);
        const other = `${kept.slice(0, 36)}\uFFFF but now differently. ${rest}`;
        expect(shown(kept, rung, inPieces(other, cuts))).toBeUndefined();
      }),
    );
  });

  test.each<ContinuationRung>(["prefill", "prompt"])("sees that a new start ends too early (%s)", (rung) => {
    fc.assert(
      fc.property(text, sizes, (whole, cuts) => {
        fc.pre(whole.length > 60);
        expect(shown(whole, rung, inPieces(cutAt(whole, 0.8)[0], cuts))).toBeUndefined();
      }),
    );
  });

  test("cuts off the last words said again, by prompt", () => {
    fc.assert(
      fc.property(text, share, sizes, fc.integer({ min: 6, max: 200 }), (whole, at, cuts, repeated) => {
        const [kept, rest] = cutAt(whole, at);
        const overlap = kept.slice(-repeated).replace(/^[\uDC00-\uDFFF]/, "");
        fc.pre(overlap.length >= 6);
        expect(shown(kept, "prompt", inPieces(overlap + rest, cuts))).toBe(rest);
      }),
    );
  });

  test("shows nothing twice where the model has nothing to add", () => {
    fc.assert(
      fc.property(text, sizes, (whole, cuts) => {
        for (const rung of ["resume", "prefill", "prompt"] as const) expect(shown(whole, rung, [])).toBe("");
        expect(shown(whole, "prompt", inPieces(whole, cuts))).toBe("");
        expect(shown(whole, "prompt", inPieces(Array.from(whole).slice(-30).join(""), cuts))).toBe("");
      }),
    );
  });
});

describe("a few kept characters", () => {
  test.each<[kept: string, said: string, rung: ContinuationRung, added: string]>([
    // So little may be said again by chance: "ha" may well be followed by "ha".
    ["ha", "haha!", "prefill", "haha!"],
    ["1", "1", "prefill", "1"],
    ["The", " capital", "prefill", " capital"],
    // By prompt a model that says the kept words again has begun again.
    ["The", "The capital", "prompt", " capital"],
    ["The", " capital", "prompt", " capital"],
    ["The", "The", "prompt", ""],
    ["T", "wo", "prompt", "wo"],
    ["The capital", "capital of France", "prompt", " of France"],
    // Five characters in common are a coincidence.
    ["It says hello", "hello there", "prompt", "hello there"],
  ])("%j, then %j by %s: adds %j", (kept, said, rung, added) => {
    for (const pieces of [[said], Array.from(said)]) expect(shown(kept, rung, pieces)).toBe(added);
  });
});

test("does not hold text back once it is clear that the model goes on", () => {
  const guard = createContinuationGuard("A kept text that is long enough to be judged.", "prompt");
  expect(guard.add(" And")).toBe(" And");
  expect(guard.add("A kept text that is long enough to be judged.")).toBe(
    "A kept text that is long enough to be judged.",
  );
  expect(guard.end()).toBe("");
});
