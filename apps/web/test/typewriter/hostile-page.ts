/** A page that holds the renderer and nothing else, served with the security policy of the real one. Used by hostile.test.ts. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { startScriptedServer } from "../../dev/scripted-server.ts";

export interface HostilePage {
  url: string;
  close(): Promise<void>;
}

export async function startHostilePage(): Promise<HostilePage> {
  const folder = await mkdtemp(join(tmpdir(), "typebar-hostile-"));
  await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    build: {
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      assetsInlineLimit: 0,
      rolldownOptions: { input: join(import.meta.dirname, "harness.ts"), output: { entryFileNames: "harness.js" } },
    },
  });
  await writeFile(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><title>Hostile</title><script type="module" src="/harness.js"></script>',
  );
  const server = await startScriptedServer({ answerTo: () => ({ chunks: [], delayMs: 0 }), page: folder });
  return {
    url: server.url,
    async close() {
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}
