import { generationErrorCodes, problemCodes } from "@typebar/chat/protocol";
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { en } from "../src/i18n/en.ts";
import { zh } from "../src/i18n/zh.ts";

function messages(words: object, path = ""): [key: string, text: string][] {
  return Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null
      ? messages(value, `${path}${key}.`)
      : [[`${path}${key}`, String(value)] as [string, string]],
  );
}

describe("both languages", () => {
  it("say the same things, with the same arguments", () => {
    const argumentsOf = (words: object): string[] =>
      messages(words).map(([key, text]) => `${key} ${[...text.matchAll(/\{\w+\}/gu)].join()}`);
    expect(argumentsOf(zh)).toEqual(argumentsOf(en));
  });

  it("have all the words that the page asks for by name", async () => {
    const known = new Set(messages(en).map(([key]) => key));
    const missing: string[] = [];
    let asked = 0;
    const root = join(import.meta.dirname, "../src");
    for await (const path of glob("**/*.{ts,vue}", { cwd: root })) {
      const source = await readFile(join(root, path), "utf8");
      for (const [, key = ""] of source.matchAll(/(?<![\w.])\$?t\(\s*["']([a-z][\w.-]*)["']/gu)) {
        asked += 1;
        if (!known.has(key)) missing.push(`${path}: ${key}`);
      }
    }
    expect(asked).toBeGreaterThan(50);
    expect(missing).toEqual([]);
  });

  it("have words for every error code", () => {
    expect(Object.keys(en.generationError).sort()).toEqual([...generationErrorCodes].sort());
    expect(Object.keys(en.problem).sort()).toEqual([...problemCodes, "network"].sort());
  });

  it("hold no characters that vue-i18n would take for its own syntax", () => {
    for (const words of [en, zh]) for (const [, text] of messages(words)) expect(text).not.toMatch(/[@|]/u);
  });
});
