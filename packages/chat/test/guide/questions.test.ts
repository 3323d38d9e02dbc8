/** The guide against questions as people ask them, which lie beside this file and are not in the documentation. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { composeAnswer } from "../../src/guide/answer.ts";
import { readPages } from "../../src/guide/pages.ts";
import { phrases } from "../../src/guide/phrases.ts";
import { createSearchIndex } from "../../src/guide/search-index.ts";
import type { SearchIndex } from "../../src/guide/search-index.ts";
import { toSections } from "../../src/guide/sections.ts";
import type { GuidePage } from "../../src/guide/sections.ts";

interface ExpectedAnswer {
  question: string;
  /** With the section's fragment where it must be that one. */
  page: string;
}

async function readJson<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(name, import.meta.url), "utf8")) as T;
}

const docsDir = fileURLToPath(new URL("../../../../docs", import.meta.url));
const english = await readJson<ExpectedAnswer[]>("questions.en.json");
const chinese = await readJson<ExpectedAnswer[]>("questions.zh-CN.json");
const offTopic = await readJson<string[]>("questions.off-topic.json");

/** Links between pages lose their targets; everything else stays as it was written. */
function withoutLinks(markdown: string): string {
  return markdown.replaceAll(/\[([^\]\n]+)\]\([^)]*\)/gu, "$1");
}

let pages: GuidePage[];
let index: SearchIndex;

beforeAll(async () => {
  pages = await readPages(docsDir);
  index = createSearchIndex(pages.flatMap(toSections));
});

describe("the guide", () => {
  it("is asked 37 questions a language or more and 18 off topic, none of them in its index", () => {
    expect(Math.min(english.length, chinese.length)).toBeGreaterThanOrEqual(37);
    expect(offTopic).toHaveLength(18);
    const documentation = pages.map(({ markdown }) => markdown.toLowerCase()).join("\n");
    for (const { question } of [...english, ...chinese]) expect(documentation).not.toContain(question.toLowerCase());
  });

  it.each([...english, ...chinese])("answers “$question” from $page", ({ question, page }) => {
    const answer = composeAnswer(question, index);
    expect(answer.kind).toBe("answer");
    const url = decodeURIComponent(answer.sources[0]?.url ?? "");
    expect(page.includes("#") ? url : url.split("#")[0]).toBe(`/docs/${page}`);
  });

  it.each(offTopic)("says that it cannot answer “%s” and how to connect a model", (question) => {
    const answer = composeAnswer(question, index);
    expect(answer).toMatchObject({ kind: "declined" });
    expect(answer.sources).toMatchObject([{ url: expect.stringMatching(/^\/docs\/(en|zh-CN)\/models\.md$/u) }]);
    expect(answer.text).toMatch(/not a language model|不是语言模型/u);
    expect(answer.text).toContain("OPENAI_API_KEY");
  });

  it.each([
    "Wie verbinde ich ein Modell?",
    "Was ist Ollama?",
    "Wie starte ich Typebar mit Docker?",
    "Comment connecter un modèle ?",
    "¿Qué es esto?",
    "Cómo conecto Ollama",
    "Come posso usare Ollama?",
    "Como faço backup?",
    "これは何ですか",
    "Ollama の接続方法は？",
    "Ollama 연결 방법",
    "Как подключить Ollama?",
  ])("declines “%s”, which the documentation is not written in", (question) => {
    expect(composeAnswer(question, index)).toMatchObject({ kind: "declined", text: phrases.en.declined });
  });

  it.each(["ollama", "was Ollama found?", "docker compose", "does my old Mac die of it or can it run Ollama?"])(
    "takes “%s” for English",
    (question) => {
      expect(composeAnswer(question, index)).toMatchObject({ kind: "answer" });
    },
  );

  it.each(["can I use it with my phone on the same wifi", "手机上怎么打开"])(
    "tells who asks “%s” what to set and which address to open",
    (question) => {
      const { text } = composeAnswer(question, index);
      for (const words of ["HOST=0.0.0.0", "TYPEBAR_PASSWORD=", "http://192.168.1.20:8787"])
        expect(text).toContain(words);
    },
  );

  it("promises that nothing leaves the machine only where no provider is connected", () => {
    expect(composeAnswer("Is my data sent anywhere?", index).text).toMatch(
      /provider connected.*goes to that provider/u,
    );
    expect(composeAnswer("我的数据会发送到哪里", index).text).toMatch(/连接了提供方.*会发给这个提供方/u);
    for (const { path, markdown } of pages)
      if (path.endsWith("/guide.md")) expect(markdown).not.toMatch(/nothing is sent|什么都不会发送/iu);
  });

  it("answers in the language of the question's script", () => {
    expect(composeAnswer("今天北京天气怎么样？", index).text).toBe(phrases["zh-CN"].declined);
    expect(composeAnswer("What is the weather today?", index).text).toBe(phrases.en.declined);
    expect(composeAnswer("Ollama 怎么连接", index).sources[0]?.url).toContain("/zh-CN/");
  });

  it.each(["hello", "Hi!", "你好", "what can you do?", "你能做什么？", "你好，你是谁", "Hello, Typebar"])(
    "greets back on “%s” with three questions that it can answer",
    (greeting) => {
      const answer = composeAnswer(greeting, index);
      expect(answer.kind).toBe("greeting");
      const suggested = Array.from(answer.text.matchAll(/^- (.+)$/gmu), ([, question]) => question ?? "");
      expect(suggested).toHaveLength(3);
      for (const question of suggested) expect(composeAnswer(question, index).kind).toBe("answer");
    },
  );

  it.each(["How do I connect a model?", "How do I connect a real model?", "怎么连接模型？", "怎样接入真正的模型？"])(
    "answers “%s” with the page's beginning, which names every way",
    (question) => {
      const answer = composeAnswer(question, index);
      expect(answer.sources.map(({ url }) => url)).toEqual([expect.stringMatching(/\/models\.md$/u)]);
      expect(answer.text).toContain("OPENAI_BASE_URL");
    },
  );

  it("answers with whole sections: every source's text is in the answer, code and tables included", () => {
    const byPage = new Map(pages.map((page) => [page.path, toSections(page)]));
    for (const { question } of [...english, ...chinese]) {
      const { text, sources } = composeAnswer(question, index);
      for (const { url } of sources) {
        const [path = "", fragment = ""] = decodeURIComponent(url).replace("/docs/", "").split("#");
        const section = byPage.get(path)?.find((candidate) => candidate.fragment === fragment);
        expect(section, url).toBeDefined();
        expect(withoutLinks(text)).toContain(withoutLinks(section?.body ?? "\0"));
      }
    }
  });

  it("shows no keywords, and no link that only leads somewhere inside the documentation", () => {
    for (const { question } of [...english, ...chinese]) {
      const { text } = composeAnswer(question, index);
      expect(text).not.toContain("<!--");
      expect(text).not.toMatch(/\]\((?!https?:)/u);
    }
  });

  it.each([
    '"',
    '""" OR 1',
    "AND",
    "NOT model",
    "NEAR(model key, 2)",
    "mod*",
    "heading: model",
    "^model",
    "{heading body}: x",
    "-",
    "model + key",
    "(((",
    "'; DROP TABLE sections; --",
    "🤖🤖 👩‍👩‍👧 model",
    "\0model\0",
    "\uD800 model",
    "\u202Emodel",
    '模型\u0000密钥 AND "',
    "键",
    " ",
    "",
    "model ".repeat(20_000),
    "模型".repeat(50_000),
  ])("takes %j as words, never as a query", (question) => {
    expect(() => composeAnswer(question, index)).not.toThrow();
  });
});
