/** Serves the page, and hands on what is for Typebar. */
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

const typebar = {
  target: process.env.TYPEBAR_URL ?? "http://127.0.0.1:8787",
  // The browser's own Host goes along: by it Typebar sees that page and API are of one origin.
  changeOrigin: false,
  // The proxy would keep the browser's connection open after losing Typebar's, until the client's patience ends.
  configure: (proxy) =>
    proxy.on("proxyRes", (incoming, _request, outgoing) => {
      incoming.on("close", () => incoming.complete || outgoing.destroy());
    }),
};

export default defineConfig({
  plugins: [vue()],
  // Within Typebar's own repository its packages are taken from their sources.
  resolve: { conditions: ["typebar-source", "browser", "module", "development|production"] },
  server: { proxy: { "/api": typebar } },
});
