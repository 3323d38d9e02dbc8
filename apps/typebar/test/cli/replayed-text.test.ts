/** What is still written after the server sent an answer anew. */
import { describe, expect, it } from "vitest";
import { createReplayedText } from "../../src/cli/ask/replayed-text.ts";

function openText(): { text: ReturnType<typeof createReplayedText>; divergences: () => number } {
  let count = 0;
  return { text: createReplayedText(() => (count += 1)), divergences: () => count };
}

describe("an answer that begins again", () => {
  it("goes on after what was written, wherever the pieces are cut", () => {
    const { text, divergences } = openText();
    expect(text.push("Hello, ")).toBe("Hello, ");
    text.restart();
    expect([text.push("Hel"), text.push("lo, wor"), text.push("ld"), text.finish()]).toEqual(["", "wor", "ld", ""]);
    expect(divergences()).toBe(0);
  });

  it("is written whole where it says something else", () => {
    const { text, divergences } = openText();
    text.push("Hello");
    text.restart();
    expect([text.push("Hel"), text.push("p!"), text.push(" me")]).toEqual(["", "Help!", " me"]);
    expect([divergences(), text.diverged]).toEqual([1, true]);
  });

  it("is written whole where it ends before what was written", () => {
    const { text } = openText();
    text.push("Hello");
    text.restart();
    expect([text.push("Hell"), text.finish(), text.diverged]).toEqual(["", "Hell", true]);
  });

  it("writes nothing where it is the same", () => {
    const { text } = openText();
    text.push("Hello");
    text.restart();
    expect([text.push("Hello"), text.finish(), text.diverged]).toEqual(["", "", false]);
  });
});
