/** Builds the page to dist/; in development passes /api on to a Typebar server. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import vue from "@vitejs/plugin-vue";
import { defaultAllowedOrigins, defaultClientConditions, defineConfig } from "vite";
import { diagramPage } from "./build/diagram-page.ts";
import { serviceWorker, workerName } from "./build/service-worker.ts";
import { target } from "./build/target.ts";

/** The program's: the page comes with it. */
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../typebar/package.json"), "utf8")) as {
  version: string;
};

export default defineConfig({
  base: "/",
  plugins: [vue(), serviceWorker(), diagramPage()],
  resolve: { conditions: ["typebar-source", ...defaultClientConditions] },
  define: {
    __VUE_OPTIONS_API__: "false",
    __VUE_PROD_DEVTOOLS__: "false",
    __VUE_I18N_FULL_INSTALL__: "false",
    __VUE_I18N_LEGACY_API__: "false",
    __INTLIFY_PROD_DEVTOOLS__: "false",
    // src/i18n/index.ts puts values into their places.
    __INTLIFY_DROP_MESSAGE_COMPILER__: "true",
    __TYPEBAR_VERSION__: JSON.stringify(version),
  },
  build: {
    target,
    // The security policy allows no inline scripts and styles; everything is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 800,
    rolldownOptions: {
      input: {
        index: join(import.meta.dirname, "index.html"),
        [workerName]: join(import.meta.dirname, "src/offline/worker.ts"),
      },
      output: {
        // Browsers look for a worker's next version under the name of the one before.
        entryFileNames: ({ name }) => (name === workerName ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    // A sandbox has no origin that could be named: the frame of a diagram asks as "null".
    cors: { origin: [defaultAllowedOrigins, "null"] },
    proxy: { "/api": "http://127.0.0.1:8787", "/sign-in": "http://127.0.0.1:8787" },
  },
});
