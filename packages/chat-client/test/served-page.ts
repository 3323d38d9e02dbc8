/** A page of a test's own, on the server's origin as a front end would be. Used by react.test.ts and docs.test.ts. */
import vue from "@vitejs/plugin-vue";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { build } from "vite";

/** @param files - By name, as if they lay beside the tests; other imports are found from there. */
export async function bundlePage(entry: string, files: Readonly<Record<string, string>> = {}): Promise<string> {
  const byPath = new Map(Object.entries(files).map(([name, text]) => [toPath(name), text]));
  const built = await build({
    configFile: false,
    logLevel: "error",
    plugins: [
      {
        name: "files-of-the-test",
        enforce: "pre",
        resolveId: (id) => [id, toPath(id)].find((path) => byPath.has(path)),
        load: (id) => byPath.get(id),
      },
      vue(),
    ],
    resolve: { conditions: ["typebar-source", "module", "browser", "development"] },
    define: { "process.env.NODE_ENV": '"development"' },
    build: { write: false, lib: { entry: toPath(entry), formats: ["es"] } },
  });
  const [output] = [built].flat();
  const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
  if (chunk === undefined) throw new Error("Nothing was built");
  return chunk.code;
}

function toPath(name: string): string {
  return join(import.meta.dirname, name);
}

/** Opens it at `/test.html`, with an element `#root`; it stays there over reloads. */
export async function openPage(page: Page, baseUrl: string, script: string): Promise<void> {
  await page.route("**/test.html", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: '<!doctype html><div id="root"></div><script type="module" src="/test.js"></script>',
    }),
  );
  await page.route("**/test.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
  await page.goto(`${baseUrl}/test.html`);
}
