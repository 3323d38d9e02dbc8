/** What a browser has to load before the page shows, as it is built for people. Menus and colours come later. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";

const webDir = join(import.meta.dirname, "..");
const vitePath = join(webDir, "../../node_modules/vite/bin/vite.js");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "typebar-page-size-"));
  // A process of its own: the tests' own environment would build the framework's development version in.
  await promisify(execFile)(process.execPath, [vitePath, "build", "--logLevel", "error", "--outDir", folder], {
    cwd: webDir,
    env: { ...process.env, NODE_ENV: "production" },
  });
});
afterAll(() => rm(folder, { recursive: true }));

it("is at most 150 KB, compressed", async () => {
  const html = await readFile(join(folder, "index.html"), "utf8");
  const linked = Array.from(html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/gu), ([, path]) => path ?? "");
  expect(linked.some((path) => path.endsWith(".js"))).toBe(true);
  const files = await Promise.all(linked.map((path) => readFile(join(folder, path))));
  const bytes = [Buffer.from(html), ...files].map((file) => gzipSync(file).length);
  // Of the languages one is loaded, too.
  const words = (await readdir(join(folder, "assets"))).filter((name) => /^(?:en|zh)-[\w-]{8}\.js$/u.test(name));
  expect(words).toHaveLength(2);
  const languages = await Promise.all(words.map((name) => readFile(join(folder, "assets", name))));
  const largest = Math.max(...languages.map((file) => gzipSync(file).length));
  expect(bytes.reduce((sum, size) => sum + size) + largest).toBeLessThanOrEqual(150_000);
});
