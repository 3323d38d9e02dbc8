/** Bundles a test's entry and opens it in the system's Chromium. Used by the tests that need a real DOM. */
import { build } from "vite";
import type { Browser, Page } from "playwright-core";

/** @param entry relative to this folder. */
export async function openBundle(browser: Browser, entry: string): Promise<Page> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    build: { write: false, minify: false, lib: { entry, formats: ["iife"], name: "bundle" } },
  });
  const [first] = Array.isArray(built) ? built : [built];
  if (first === undefined || !("output" in first)) throw new Error("Nothing was bundled");
  const page = await browser.newPage();
  await page.addScriptTag({ content: first.output[0].code });
  return page;
}
