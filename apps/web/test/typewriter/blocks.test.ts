import { tests as specExamples } from "commonmark-spec";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { corpus } from "./corpus.ts";
import { expectedOutline, outline } from "./outline.ts";

const examples = specExamples.map(({ markdown }) => markdown.replaceAll("→", "\t"));
/** What the other parser does not know. */
const { footnotes: _footnotes, formulas: _formulas, crlf: _crlf, ...plain } = corpus;

describe("the blocks of a text", () => {
  it("are those of the standard, in each of its examples", () => {
    for (const text of examples) expect(outline(text, false), text).toEqual(expectedOutline(text));
  });

  it.each(Object.entries(plain))("are those another parser finds: %s", (_name, text) => {
    expect(outline(text, false)).toEqual(expectedOutline(text));
  });

  it("do not depend on what was tried of a line before it was whole", () => {
    for (const text of [...examples, ...Object.values(corpus)]) {
      expect(outline(text, true), text).toEqual(outline(text, false));
    }
  });

  it("do not depend on it, whatever the text", () => {
    const markers = "- |1. |> |    |\t|```|~~~|# |===|---|$$|[a]: x|[^1]: |word|\n|\n|\n\n".split("|");
    const pieces = fc.constantFrom(...markers, "| a |", "|-|");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 20 }), (parts) => {
        const text = parts.join("");
        expect(outline(text, true)).toEqual(outline(text, false));
      }),
    );
  });

  it("nest no deeper than a page can show", () => {
    expect(JSON.stringify(outline(`${">".repeat(5000)} deep\n`, false)).length).toBeLessThan(10_000);
  });
});
