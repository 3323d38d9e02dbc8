import * as fc from "fast-check";
import { expect, it } from "vitest";
import { splitText } from "../../src/generation/split-text.ts";

it("gives the text back, in pieces that fit a chunk and cut no character in two", () => {
  const text = fc.array(fc.constantFrom("a", "漢", "😀", "\u0001", "\n"), { maxLength: 12_000, size: "max" });
  fc.assert(
    fc.property(text, (characters) => {
      const pieces = splitText(characters.join(""));
      expect(pieces.join("")).toBe(characters.join(""));
      for (const piece of pieces) {
        expect(piece.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(JSON.stringify(piece))).toBeLessThan(32_768 - 100);
        expect(piece).not.toBe("");
      }
    }),
    { numRuns: 50 },
  );
});
