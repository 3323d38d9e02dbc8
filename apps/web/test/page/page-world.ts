/** The page as it is built for people, a scripted server and a real Chromium, for one file of tests. */
import { openChromium } from "@typebar/testing";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { startScriptedServer } from "../../dev/scripted-server.ts";
import type { Script, ScriptedServer } from "../../dev/scripted-server.ts";

export interface PageWorld {
  /** Of the built page; a copy of its own. */
  readonly folder: string;
  readonly server: ScriptedServer;
  readonly browser: Browser;
  /** Script errors and refusals of the content policy: what a person would never see. */
  readonly complaints: string[];
  openContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  openPage(context: BrowserContext, path?: string): Promise<Page>;
  /** Ends contexts and server, and begins with new ones. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

/** As `npm test`, `npm start` and `npm run build:web` build it. */
const builtDir = join(import.meta.dirname, "../../dist");

export async function openPageWorld(answerTo: (text: string) => Script): Promise<PageWorld> {
  const folder = await mkdtemp(join(tmpdir(), "typebar-page-"));
  await cp(builtDir, folder, { recursive: true });
  const browser = await openChromium();
  const complaints: string[] = [];
  let server = await startScriptedServer({ answerTo, page: folder });

  async function end(): Promise<void> {
    await Promise.all(browser.contexts().map((context) => context.close()));
    await server.close();
  }

  return {
    folder,
    get server() {
      return server;
    },
    browser,
    complaints,
    openContext: (options) =>
      browser.newContext({ locale: "en-US", viewport: { width: 1280, height: 800 }, ...options }),
    async openPage(context, path = "/") {
      const opened = await context.newPage();
      opened.on("pageerror", (error) => complaints.push(error.message));
      opened.on("console", (message) => {
        if (/content security policy/iu.test(message.text())) complaints.push(message.text());
      });
      await opened.goto(server.url + path);
      await opened.getByTestId("composer-input").waitFor();
      return opened;
    },
    async reset() {
      await end();
      complaints.length = 0;
      server = await startScriptedServer({ answerTo, page: folder });
    },
    async close() {
      await end();
      await browser.close();
      await rm(folder, { recursive: true });
    },
  };
}
