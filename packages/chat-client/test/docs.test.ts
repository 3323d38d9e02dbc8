/** Each program on the documentation's page, run as it stands there, over a real server. */
import { openChromium, scriptedAnswer } from "@typebar/testing";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePage, openPage } from "./served-page.ts";
import { openWorld } from "./world.ts";
import type { World } from "./world.ts";

const docsDir = join(import.meta.dirname, "../../../docs");
const languages = [
  { language: "en", question: "Hello", ask: "Ask" },
  { language: "zh-CN", question: "你好", ask: "提问" },
];

let world: World;
let browser: Browser;

beforeAll(async () => {
  [world, browser] = await Promise.all([openWorld(), openChromium()]);
});
afterAll(async () => {
  await Promise.all([browser?.close(), world?.[Symbol.asyncDispose]()]);
});

/** The page's program in that language. */
function snippet(language: string, kind: "ts" | "tsx" | "vue"): string {
  const markdown = readFileSync(join(docsDir, language, "chat-client.md"), "utf8");
  const code = new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, "mu").exec(markdown)?.[1];
  if (code === undefined) throw new Error(`No ${kind} in ${language}/chat-client.md`);
  return code;
}

/** Until the page's paragraphs are these. */
async function shows(script: string, paragraphs: string[], ask?: string): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  await openPage(page, world.server.url, script);
  if (ask !== undefined) await page.getByRole("button", { name: ask }).click();
  const texts = (): Promise<string[]> =>
    page.evaluate(() => [...document.querySelectorAll("p")].map((p) => p.textContent.trim()));
  await expect.poll(texts, { timeout: 15_000 }).toEqual(paragraphs);
  // Not the button that stops.
  if (ask !== undefined) await page.getByRole("button", { name: ask }).waitFor();
  await context.close();
  expect(failures).toEqual([]);
}

describe.each(languages)("the page in $language", ({ language, question, ask }) => {
  const answer = scriptedAnswer(question).trim();

  it("reads an answer in a loop", async () => {
    const code = snippet(language, "ts").replace("http://127.0.0.1:8787", world.server.url);
    const show = `const p = document.body.appendChild(document.createElement("p"));
      const show = (text: string): void => void (p.textContent = text);\n`;
    await shows(await bundlePage("docs-ts.ts", { "docs-ts.ts": show + code }), [answer]);
  });

  it("has a chat for React", async () => {
    const main = `import { createElement } from "react";
      import { createRoot } from "react-dom/client";
      import { Chat } from "docs-react.tsx";
      createRoot(document.querySelector("#root")!).render(createElement(Chat, { conversationId: null }));`;
    const files = { "docs-main.ts": main, "docs-react.tsx": snippet(language, "tsx") };
    await shows(await bundlePage("docs-main.ts", files), [question, answer], ask);
  });

  it("has a chat for Vue", async () => {
    const main = `import { createApp } from "vue";
      import Chat from "docs-vue.vue";
      createApp(Chat).mount("#root");`;
    const files = { "docs-main.ts": main, "docs-vue.vue": snippet(language, "vue") };
    await shows(await bundlePage("docs-main.ts", files), [question, answer], ask);
  });
});
