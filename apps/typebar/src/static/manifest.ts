/**
 * URL path -> file, made once at start. Used by static-files.ts.
 * Trust boundary: a request only ever looks a path up here; nothing of it is decoded, joined or resolved.
 */
import { existsSync, readdirSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";

export interface StaticFile {
  file: string;
  contentType: string;
  /** Its name changes with its content, so browsers need never ask again. */
  immutable: boolean;
  compressible: boolean;
  /** A page of the documentation: served without what only the guide reads. */
  documentation: boolean;
}

export type Manifest = ReadonlyMap<string, StaticFile>;

const contentTypes: Record<string, { type: string; compressible: boolean }> = {
  ".html": { type: "text/html; charset=utf-8", compressible: true },
  ".js": { type: "text/javascript; charset=utf-8", compressible: true },
  ".mjs": { type: "text/javascript; charset=utf-8", compressible: true },
  ".css": { type: "text/css; charset=utf-8", compressible: true },
  ".json": { type: "application/json", compressible: true },
  ".webmanifest": { type: "application/manifest+json", compressible: true },
  ".svg": { type: "image/svg+xml", compressible: true },
  ".txt": { type: "text/plain; charset=utf-8", compressible: true },
  ".wasm": { type: "application/wasm", compressible: true },
  ".png": { type: "image/png", compressible: false },
  ".jpg": { type: "image/jpeg", compressible: false },
  ".webp": { type: "image/webp", compressible: false },
  ".ico": { type: "image/x-icon", compressible: false },
  ".woff2": { type: "font/woff2", compressible: false },
};

/** vite's `assets/name-[hash].ext`. */
const hashedName = /^(?:\/diagram)?\/assets\/.+-[\w-]{8}\.\w+$/;

export function createManifest({ webDir, docsDir }: { webDir: string; docsDir: string }): Manifest {
  const files = new Map<string, StaticFile>();
  for (const { path, file } of listFiles(webDir)) {
    const { type, compressible } = contentTypes[extname(file)] ?? {
      type: "application/octet-stream",
      compressible: false,
    };
    files.set(path, { file, contentType: type, compressible, immutable: hashedName.test(path), documentation: false });
  }
  for (const { path, file } of listFiles(docsDir)) {
    if (extname(file) !== ".md") continue;
    const contentType = "text/plain; charset=utf-8";
    files.set(`/docs${path}`, { file, contentType, compressible: true, immutable: false, documentation: true });
  }
  return files;
}

/** Plain files only: links lead out of the folder, and dot files are notes to ourselves. */
function listFiles(dir: string): { path: string; file: string }[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep))
    .filter((segments) => !segments.some((segment) => segment.startsWith(".")))
    .map((segments) => ({ path: `/${segments.map(encodeURIComponent).join("/")}`, file: join(dir, ...segments) }));
}
