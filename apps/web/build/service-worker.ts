/** Builds src/offline/worker.ts to /sw.js, and tells it which files are the page's shell. Used by vite.config.ts. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin, Rolldown } from "vite";

type Bundle = Record<string, Rolldown.OutputChunk | Rolldown.OutputAsset>;

export const workerName = "sw";
const pagePath = "/index.html";

export function serviceWorker(): Plugin {
  let publicDir: string;
  let root: string;
  return {
    name: "typebar-service-worker",
    apply: "build",
    enforce: "post",
    configResolved(config) {
      ({ publicDir, root } = config);
    },
    generateBundle(_options, bundle) {
      const worker = Object.values(bundle).find((file) => file.type === "chunk" && file.name === workerName);
      if (worker?.type !== "chunk") return this.error("The service worker is missing");
      if (worker.imports.length > 0) return this.error("The service worker must be one file");
      const folders = ["src/components", "src/i18n"].map((folder) => join(root, folder));
      const files = [...shellOf(bundle, folders, worker), ...publicFiles(publicDir)];
      const html = bundle[pagePath.slice(1)];
      if (html?.type !== "asset") return this.error("The page is missing");
      const version = createHash("sha256").update(html.source);
      for (const file of files) version.update(file);
      for (const file of publicFiles(publicDir)) version.update(readFileSync(join(publicDir, file)));
      const entry = Object.values(bundle).find((file) => file.type === "chunk" && file.isEntry && file !== worker);
      const shell = {
        version: version.digest("hex").slice(0, 16),
        page: pagePath,
        entry: `/${entry?.fileName ?? ""}`,
        files,
      };
      worker.code = worker.code.replaceAll("__SHELL__", JSON.stringify(shell));
    },
  };
}

/** What is loaded first, and the components and words that are loaded later. Colours of code and formulas are kept when they are used. */
function shellOf(bundle: Bundle, folders: readonly string[], worker: Rolldown.OutputChunk): string[] {
  const files = new Set<string>();
  const add = (name: string): void => {
    const file = bundle[name];
    if (file === undefined || files.has(name)) return;
    files.add(name);
    if (file.type !== "chunk") return;
    for (const css of file.viteMetadata?.importedCss ?? []) add(css);
    for (const imported of file.imports) add(imported);
  };
  for (const file of Object.values(bundle)) {
    if (file.type !== "chunk" || file === worker) continue;
    const from = file.facadeModuleId ?? "";
    if (file.isEntry || folders.some((folder) => from.startsWith(folder))) add(file.fileName);
  }
  return [...files].sort().map((name) => `/${name}`);
}

function publicFiles(publicDir: string): string[] {
  return readdirSync(publicDir)
    .sort()
    .map((name) => `/${name}`);
}
