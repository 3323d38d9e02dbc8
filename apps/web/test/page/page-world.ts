/** The page as it is built for people, a scripted server and a real Chromium, for one file of tests. */
import { openChromium } from "@typebar/testing";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
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

const webDir = join(import.meta.dirname, "../..");
const vitePath = join(webDir, "../../node_modules/vite/bin/vite.js");

export async function openPageWorld(answerTo: (text: string) => Script): Promise<PageWorld> {
  const folder = await mkdtemp(join(tmpdir(), "typebar-page-"));
  // A process of its own: the tests' own environment would build the page as it is while it is worked on.
  await promisify(execFile)(process.execPath, [vitePath, "build", "--logLevel", "error", "--outDir", folder], {
    cwd: webDir,
    env: { ...process.env, NODE_ENV: "production" },
  });
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
