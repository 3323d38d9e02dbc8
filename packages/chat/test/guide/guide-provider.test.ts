/** The guide as generation/ sees it: a provider that types, resumes and can be stopped. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createGuideProvider } from "../../src/guide/guide-provider.ts";
import type { GuideProvider } from "../../src/guide/guide-provider.ts";
import type { ProviderPart, ProviderRequest } from "../../src/provider/provider.ts";

const docsDir = fileURLToPath(new URL("../../../../docs", import.meta.url));
const question = "How do I connect a model?";
const chineseQuestion = "怎么连接模型？";

function ask(text: string, keptText?: string, signal: AbortSignal = new AbortController().signal): ProviderRequest {
  return {
    model: "guide",
    messages: [
      { role: "user", text: "an earlier question" },
      { role: "assistant", text: "an earlier answer" },
      { role: "user", text },
    ],
    ...(keptText === undefined ? {} : { continuation: { rung: "resume", keptText } }),
    signal,
  };
}

async function collect(provider: GuideProvider, request: ProviderRequest): Promise<ProviderPart[]> {
  const parts: ProviderPart[] = [];
  for await (const part of provider.stream(request)) parts.push(part);
  return parts;
}

function textOf(parts: readonly ProviderPart[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}

describe("the guide as a provider", () => {
  it("offers one model that says it is not a language model", async () => {
    const provider = createGuideProvider({ docsDir, paceMs: 0 });
    expect(provider).toMatchObject({ name: "typebar", continuations: ["resume"] });
    expect(await provider.listModels(new AbortController().signal)).toEqual([
      { id: "typebar/guide", name: "Typebar guide", provider: "typebar", kind: "guide" },
    ]);
  });

  it("types text in pieces, then names its sources, then finishes", async () => {
    const parts = await collect(createGuideProvider({ docsDir, paceMs: 0 }), ask(question));
    const kinds = parts.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]);
    expect(kinds).toEqual(["text", "source", "finish"]);
    expect(parts.length).toBeGreaterThan(20);
    expect(textOf(parts).split("\n")[0]).toContain("not a language model");
    expect(parts.at(-1)).toEqual({ type: "finish", finishReason: "stop" });
    expect(parts.find(({ type }) => type === "source")).toMatchObject({
      url: "/docs/en/models.md",
      title: "Connecting a model",
    });
  });

  it("types a word, or one or two Chinese characters, at a time and divides no grapheme", async () => {
    const provider = createGuideProvider({ docsDir, paceMs: 0 });
    const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
    for (const asked of [question, chineseQuestion]) {
      const parts = await collect(provider, ask(asked));
      const pieces = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
      const boundaries = new Set(Array.from(graphemes.segment(pieces.join("")), ({ index }) => index));
      let at = 0;
      for (const piece of pieces) {
        expect(boundaries).toContain(at);
        expect(piece.trim()).not.toMatch(/\s/u);
        const hanCount = Array.from(piece.matchAll(/\p{Script=Han}/gu)).length;
        expect(hanCount, piece).toBeLessThanOrEqual(2);
        if (hanCount > 0) expect(piece).not.toMatch(/[a-z]/iu);
        at += piece.length;
      }
    }
  });

  it("goes on exactly after the kept text, wherever it was cut", async () => {
    const provider = createGuideProvider({ docsDir, paceMs: 0 });
    for (const asked of [question, chineseQuestion]) {
      const whole = textOf(await collect(provider, ask(asked)));
      for (let cut = 1; cut <= whole.length; cut += 1) {
        const kept = whole.slice(0, cut);
        const rest = await collect(provider, ask(asked, kept));
        if (kept + textOf(rest) !== whole) expect.fail(`cut at ${cut}`);
        expect(rest.at(-1)).toEqual({ type: "finish", finishReason: "stop" });
      }
    }
  });

  it("refuses to go on after a text it would not write now", async () => {
    const provider = createGuideProvider({ docsDir, paceMs: 0 });
    const whole = textOf(await collect(provider, ask(question)));
    for (const kept of ["something else", `${whole}!`, whole.slice(1)]) {
      await expect(collect(provider, ask(question, kept))).rejects.toMatchObject({ code: "continuation-unsupported" });
    }
  });

  it("waits after each piece as long as it is told", async () => {
    const waited: number[] = [];
    const provider = createGuideProvider({
      docsDir,
      paceMs: 7,
      delay: async (delayMs) => void waited.push(delayMs),
    });
    const parts = await collect(provider, ask(question));
    expect(waited).toHaveLength(parts.filter(({ type }) => type === "text").length);
    expect(new Set(waited)).toEqual(new Set([7]));
  });

  it("ends in the middle of a pause with the reason it was aborted for", async () => {
    const controller = new AbortController();
    const reason = new Error("stopped by its owner");
    const provider = createGuideProvider({ docsDir, paceMs: 60_000 });
    const parts = provider.stream(ask(question, undefined, controller.signal))[Symbol.asyncIterator]();
    expect((await parts.next()).value).toMatchObject({ type: "text" });
    const second = parts.next();
    controller.abort(reason);
    await expect(second).rejects.toBe(reason);
  });

  it("reports documentation that cannot be read, and reads it again at the next question", async () => {
    const provider = createGuideProvider({ docsDir: `${docsDir}/none`, paceMs: 0 });
    await expect(collect(provider, ask(question))).rejects.toMatchObject({ code: "provider-unavailable" });
    await expect(collect(provider, ask(question))).rejects.toMatchObject({ code: "provider-unavailable" });
  });

  it("answers again after it was closed", async () => {
    const provider = createGuideProvider({ docsDir, paceMs: 0 });
    const before = await collect(provider, ask(question));
    provider.close();
    expect(await collect(provider, ask(question))).toEqual(before);
    provider.close();
  });
});
