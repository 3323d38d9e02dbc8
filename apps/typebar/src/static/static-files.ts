/** Serves the built page and the documentation. Asked by the composition root after the API's routes. */
import type { IncomingHttpHeaders } from "node:http";
import { diagramHeaders } from "../access/security-headers.ts";
import { createFileCache } from "./file-cache.ts";
import type { Encoding } from "./file-cache.ts";
import { createManifest } from "./manifest.ts";
import type { StaticFile } from "./manifest.ts";

export interface StaticRequest {
  method: string;
  /** As it came, not decoded, without the query. */
  path: string;
  headers: IncomingHttpHeaders;
}

export interface StaticFiles {
  /** Whether a page has been built. */
  hasPage: boolean;
  /** @returns `undefined` if nothing lives at that path. */
  respond: (request: StaticRequest) => Promise<Response | undefined>;
}

export interface StaticFilesOptions {
  /** What vite built; need not be there. */
  webDir: string;
  /** Its `*.md` are served under /docs/ as plain text. */
  docsDir: string;
}

/** Holds the page in which diagrams are drawn: it has a security policy of its own. */
const diagramFolder = "/diagram/";
const indexPath = "/index.html";
/** Places within the page, which its own router knows. */
const pagePlace = /^\/(?:c\/[A-Za-z0-9_-]+)?$/;
/** Below this, compressing makes it no smaller on the wire. */
const leastCompressedBytes = 1024;
const notBuilt =
  "The page has not been built. Run npm run build:web, or start Typebar with npm start, which builds it.\n";

export function createStaticFiles({ webDir, docsDir }: StaticFilesOptions): StaticFiles {
  const manifest = createManifest({ webDir, docsDir });
  const load = createFileCache();

  const respond = async ({ method, path, headers }: StaticRequest): Promise<Response | undefined> => {
    const isPage = pagePlace.test(path) || path === indexPath;
    const file = manifest.get(isPage ? indexPath : path);
    if (file === undefined && !isPage) return undefined;
    if (method !== "GET" && method !== "HEAD")
      return new Response(null, { status: 405, headers: { Allow: "GET, HEAD" } });
    if (file === undefined)
      return new Response(notBuilt, { status: 503, headers: { "Content-Type": "text/plain; charset=utf-8" } });
    const plain = await load(file, "identity");
    const encoding = chooseEncoding(file, plain.bytes.length, headers["accept-encoding"]);
    const { bytes, etag } = encoding === "identity" ? plain : await load(file, encoding);
    const about = { ...headersOf(file, encoding, etag), ...(path.startsWith(diagramFolder) ? diagramHeaders : {}) };
    if (isKnown(headers["if-none-match"], etag)) return new Response(null, { status: 304, headers: about });
    return new Response(method === "HEAD" ? null : bytes, {
      headers: { ...about, "Content-Length": String(bytes.length) },
    });
  };

  return { hasPage: manifest.has(indexPath), respond };
}

function headersOf(file: StaticFile, encoding: Encoding, etag: string): Record<string, string> {
  return {
    "Content-Type": file.contentType,
    "Cache-Control": file.immutable ? "max-age=31536000, immutable" : "no-cache",
    ETag: etag,
    ...(file.compressible ? { Vary: "Accept-Encoding" } : {}),
    ...(encoding === "identity" ? {} : { "Content-Encoding": encoding }),
  };
}

function chooseEncoding(file: StaticFile, size: number, header: string | string[] | undefined): Encoding {
  if (!file.compressible || size < leastCompressedBytes) return "identity";
  const accepted = new Set(
    String(header ?? "")
      .split(",")
      .filter((entry) => !/;\s*q=0(?:\.0*)?\s*$/.test(entry))
      .map((entry) => entry.split(";")[0]?.trim().toLowerCase()),
  );
  if (accepted.has("br")) return "br";
  return accepted.has("gzip") ? "gzip" : "identity";
}

function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? "").split(",").some((known) => known.trim().replace(/^W\//, "") === etag);
}
