/** The system's Chromium, headless, for the browser tests. `npm test` finds it and names it in CHROMIUM_PATH. */
import { type Browser, chromium } from "playwright-core";

/** Without the background services that would only knock at closed doors. */
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * @param more switches for this one, beside those of all.
 * @param without those of Playwright's own that are left out.
 */
export function openChromium(more: readonly string[] = [], without: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: [...args, ...more], ignoreDefaultArgs: [...without] });
}
