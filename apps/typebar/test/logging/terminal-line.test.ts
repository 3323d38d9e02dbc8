/** The log where a person looks on: one line each, and nothing that a terminal obeys. */
import { expect, test } from "vitest";
import { toTerminalLine } from "../../src/logging/terminal-line.ts";

const lineOf = (facts: object): string =>
  toTerminalLine(JSON.stringify({ level: 40, time: 0, msg: "an answer ends", ...facts }));

test("says when, how bad, what, and the facts by name", () => {
  expect(lineOf({ generationId: "abc", state: "failed", durationMs: 12 })).toMatch(
    /^\d\d:\d\d:\d\d warn an answer ends generationId=abc state=failed durationMs=12\n$/u,
  );
});

test("is one line, whatever the facts hold", () => {
  const line = lineOf({
    model: "openai/\u001b]0;renamed\u0007\nnew line",
    err: { type: "Error", stack: ["at a", "at b"] },
  });
  expect(line.slice(0, -1)).not.toMatch(/\p{Cc}/u);
  expect(line.endsWith("\n")).toBe(true);
});
