/** Reads a file once, and compresses it once for each encoding that is asked for. Used by static-files.ts. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { StaticFile } from "./manifest.ts";
import { toReaderText } from "./reader-text.ts";

export type Encoding = "br" | "gzip" | "identity";

export interface LoadedFile {
  bytes: Uint8Array<ArrayBuffer>;
  /** Strong; another for each encoding. */
  etag: string;
}

export type FileCache = (file: StaticFile, encoding: Encoding) => Promise<LoadedFile>;

const toBrotli = promisify(brotliCompress);
const toGzip = promisify(gzip);
/** Higher ones take seconds for a large file, and save a hundredth. */
const brotliQuality = 9;

export function createFileCache(): FileCache {
  const loaded = new Map<string, Promise<LoadedFile>>();
  const load = (file: StaticFile, encoding: Encoding): Promise<LoadedFile> => {
    const key = `${encoding} ${file.file}`;
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const fresh =
      encoding === "identity" ? read(file) : load(file, "identity").then((plain) => compress(plain, encoding));
    loaded.set(key, fresh);
    // What failed is tried again at the next request.
    fresh.catch(() => loaded.delete(key));
    return fresh;
  };
  return load;
}

async function read({ file, documentation }: StaticFile): Promise<LoadedFile> {
  const bytes = documentation
    ? new TextEncoder().encode(toReaderText(await readFile(file, "utf8")))
    : new Uint8Array(await readFile(file));
  return { bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}

async function compress(plain: LoadedFile, encoding: "br" | "gzip"): Promise<LoadedFile> {
  const squeezed =
    encoding === "br"
      ? await toBrotli(plain.bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality } })
      : await toGzip(plain.bytes, { level: 9 });
  return { bytes: new Uint8Array(squeezed), etag: plain.etag.replace(/"$/, `-${encoding}"`) };
}
