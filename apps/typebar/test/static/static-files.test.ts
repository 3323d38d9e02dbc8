import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { createAdaptorServer } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toRequestFacts } from "../../src/access/request-facts.ts";
import { createStaticFiles } from "../../src/static/static-files.ts";

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

const dir = mkdtempSync(join(tmpdir(), "typebar-static-"));
const webDir = join(dir, "dist");
const docsDir = join(dir, "docs");
const script = `console.log("${"typebar ".repeat(400)}");`;
const keywordsPage =
  "# One\n\n<!-- keywords: a, 乙 -->\n\nText.\n\n## Two\n\n<!-- keywords: b -->\n\n<!-- a note -->\n";
const files = createFixture();
const server = createAdaptorServer({
  fetch: async (_request: Request, env: unknown) => {
    const { incoming } = env as HttpBindings;
    return (await files.respond(toRequestFacts(incoming))) ?? new Response("nothing here", { status: 404 });
  },
});

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterAll(() => {
  server.close();
  rmSync(dir, { recursive: true });
});

function createFixture(): ReturnType<typeof createStaticFiles> {
  mkdirSync(join(webDir, "assets"), { recursive: true });
  mkdirSync(join(docsDir, "en"), { recursive: true });
  writeFileSync(join(webDir, "index.html"), "<!doctype html><title>Typebar</title>");
  writeFileSync(join(webDir, ".typebar-build"), "stamp");
  writeFileSync(join(webDir, "favicon.svg"), "<svg/>");
  writeFileSync(join(webDir, "sw.js"), "//");
  writeFileSync(join(webDir, "typebar.webmanifest"), "{}");
  writeFileSync(join(webDir, "icon-192.png"), "png");
  writeFileSync(join(webDir, "assets", "index-C1x_9-Zq.js"), script);
  mkdirSync(join(webDir, "diagram", "assets"), { recursive: true });
  writeFileSync(join(webDir, "diagram", "index.html"), "<!doctype html><title>Diagram</title>");
  writeFileSync(join(webDir, "diagram", "assets", "index-C1x_9-Zq.js"), script);
  writeFileSync(join(webDir, "assets", "page-C1x_9-Zq.css"), "p{}");
  writeFileSync(join(webDir, "assets", "font-C1x_9-Zq.woff2"), "x".repeat(5000));
  writeFileSync(join(docsDir, "errors.md"), "# Errors\n");
  writeFileSync(join(docsDir, "en", "guide.md"), "# Guide: 指南\n");
  writeFileSync(join(docsDir, "en", "keywords.md"), keywordsPage);
  writeFileSync(join(docsDir, "secret.json"), "{}");
  writeFileSync(join(dir, "outside.txt"), "outside");
  symlinkSync(join(dir, "outside.txt"), join(webDir, "link.txt"));
  return createStaticFiles({ webDir, docsDir });
}

/** Sends the path as it is, which `fetch` would tidy up first. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on("data", (piece: Buffer) => pieces.push(piece));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

test.each(["/", "/c/abc_DEF-123", "/index.html", "/?lang=zh"])(
  "gives the page at %s, to be asked for anew each time",
  async (path) => {
    const { status, headers, body } = await ask(path);
    expect(status).toBe(200);
    expect(headers).toMatchObject({ "content-type": "text/html; charset=utf-8", "cache-control": "no-cache" });
    expect(body.toString()).toContain("<title>Typebar</title>");
  },
);

test.each([
  ["/assets/index-C1x_9-Zq.js", "text/javascript; charset=utf-8", "max-age=31536000, immutable"],
  ["/assets/page-C1x_9-Zq.css", "text/css; charset=utf-8", "max-age=31536000, immutable"],
  ["/assets/font-C1x_9-Zq.woff2", "font/woff2", "max-age=31536000, immutable"],
  ["/favicon.svg", "image/svg+xml", "no-cache"],
  ["/sw.js", "text/javascript; charset=utf-8", "no-cache"],
  ["/typebar.webmanifest", "application/manifest+json", "no-cache"],
  ["/icon-192.png", "image/png", "no-cache"],
  ["/docs/errors.md", "text/plain; charset=utf-8", "no-cache"],
  ["/docs/en/guide.md", "text/plain; charset=utf-8", "no-cache"],
])("gives %s as %s, %s", async (path, type, caching) => {
  const { status, headers } = await ask(path);
  expect(status).toBe(200);
  expect(headers).toMatchObject({ "content-type": type, "cache-control": caching });
});

test("gives the documentation without the keywords that only the guide needs", async () => {
  const { headers, body } = await ask("/docs/en/keywords.md");
  expect(body.toString()).toBe("# One\n\nText.\n\n## Two\n\n<!-- a note -->\n");
  expect(headers["content-length"]).toBe(String(body.length));
});

test.each([
  "/../outside.txt",
  "/assets/../../outside.txt",
  "/..%2Foutside.txt",
  "/%2e%2e/outside.txt",
  "/assets%2Findex-C1x_9-Zq.js",
  "/%2Ffavicon.svg",
  "//favicon.svg",
  "//evil.example/favicon.svg",
  "/assets//index-C1x_9-Zq.js",
  "/assets%5Cindex-C1x_9-Zq.js",
  "/..%5Coutside.txt",
  "/favicon.svg%00.html",
  "/favicon.svg/",
  "/%66avicon.svg",
  "/link.txt",
  "/.typebar-build",
  "/docs/secret.json",
  "/docs/../outside.txt",
  "/docs/",
  "/assets",
  "/c/",
  "/c/a/b",
  "/c/..%2F..",
  "/d/abc",
  "/__proto__",
  "/constructor",
])("has nothing at %s", async (path) => {
  expect(await ask(path)).toMatchObject({ status: 404 });
});

test("has nothing at a path with a backslash, should one come through", async () => {
  const path = String.raw`/assets\index-C1x_9-Zq.js`;
  expect(await files.respond({ method: "GET", path, headers: {} })).toBeUndefined();
});

test("gives the document that draws diagrams a policy of its own, and its scripts to the sandbox", async () => {
  const frame = await ask("/diagram/index.html");
  expect(frame.headers["content-security-policy"]).toMatch(/^sandbox allow-scripts; default-src 'none';/);
  expect(frame.headers["content-security-policy"]).not.toContain("connect-src");
  expect(frame.headers["access-control-allow-origin"]).toBe("*");
  const loaded = await ask("/diagram/assets/index-C1x_9-Zq.js", { Origin: "null" });
  expect(loaded.headers).toMatchObject({
    "access-control-allow-origin": "*",
    "cache-control": "max-age=31536000, immutable",
  });
  for (const path of ["/", "/assets/index-C1x_9-Zq.js"]) {
    expect((await ask(path)).headers).not.toHaveProperty("access-control-allow-origin");
  }
});

test("compresses what gets smaller, as the browser likes it", async () => {
  const path = "/assets/index-C1x_9-Zq.js";
  const brotli = await ask(path, { "Accept-Encoding": "gzip, deflate, br, zstd" });
  expect(brotli.headers).toMatchObject({
    "content-encoding": "br",
    vary: "Accept-Encoding",
    "content-length": String(brotli.body.length),
  });
  expect(brotliDecompressSync(brotli.body).toString()).toBe(script);
  const gzip = await ask(path, { "Accept-Encoding": "gzip, br;q=0" });
  expect(gzip.headers["content-encoding"]).toBe("gzip");
  expect(gunzipSync(gzip.body).toString()).toBe(script);
  const plain = await ask(path);
  expect(plain.headers["content-encoding"]).toBeUndefined();
  expect(plain.body.toString()).toBe(script);
  expect(new Set([brotli.headers.etag, gzip.headers.etag, plain.headers.etag]).size).toBe(3);
  for (const small of ["/favicon.svg", "/assets/font-C1x_9-Zq.woff2"]) {
    expect((await ask(small, { "Accept-Encoding": "br" })).headers["content-encoding"]).toBeUndefined();
  }
});

test("answers 304 to a browser that has it already", async () => {
  const accept = { "Accept-Encoding": "br" };
  const { headers } = await ask("/", accept);
  const again = await ask("/", { ...accept, "If-None-Match": `"other", W/${headers.etag ?? ""}` });
  expect(again).toMatchObject({ status: 304, headers: { etag: headers.etag, "cache-control": "no-cache" } });
  expect(again.body).toHaveLength(0);
  expect((await ask("/", { ...accept, "If-None-Match": `"other"` })).status).toBe(200);
});

test("answers HEAD without a body, and other methods with 405", async () => {
  const head = await ask("/docs/errors.md", {}, "HEAD");
  expect(head).toMatchObject({ status: 200, headers: { "content-length": "9" } });
  expect(head.body).toHaveLength(0);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    expect(await ask("/", {}, method)).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
  }
  expect((await ask("/nowhere", {}, "POST")).status).toBe(404);
});

test("says plainly that the page has not been built, and still gives the documentation", async () => {
  const unbuilt = createStaticFiles({ webDir: join(dir, "gone"), docsDir });
  expect(unbuilt.hasPage).toBe(false);
  const page = await unbuilt.respond({ method: "GET", path: "/", headers: {} });
  expect(page?.status).toBe(503);
  expect(await page?.text()).toContain("npm run build:web");
  const docs = await unbuilt.respond({ method: "GET", path: "/docs/errors.md", headers: {} });
  expect(docs?.status).toBe(200);
});
