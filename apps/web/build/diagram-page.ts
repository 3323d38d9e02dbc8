/**
 * Builds the document that draws diagrams, after the page and beside it. It is a build of its own and shares no file with
 * the page: its files may be loaded without a password, from within a sandbox. Used by vite.config.ts.
 */
import { join, resolve } from "node:path";
import { build } from "vite";
import type { Plugin } from "vite";
import { target } from "./target.ts";

export function diagramPage(): Plugin {
  let outDir = "";
  return {
    name: "diagram-page",
    apply: "build",
    configResolved({ root, build }) {
      outDir = resolve(root, build.outDir, "diagram");
    },
    async closeBundle() {
      await build({
        configFile: false,
        logLevel: "warn",
        root: join(import.meta.dirname, "../diagram"),
        base: "/diagram/",
        build: {
          target,
          assetsInlineLimit: 0,
          modulePreload: { polyfill: false },
          // Layouts that few diagrams ask for.
          chunkSizeWarningLimit: 2000,
          outDir,
          emptyOutDir: true,
        },
      });
    },
  };
}
