/** Bundles a subject for the browser, as it would be for people. Called by render.ts. */
import { build } from "vite";
import type { Bundle } from "./stream.ts";

export async function bundleSubject(entry: string): Promise<Bundle> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    root: import.meta.dirname,
    define: { "process.env.NODE_ENV": '"production"', "process.env": "{}" },
    build: { write: false, lib: { entry, formats: ["iife"], name: "subject" } },
  });
  const [first] = Array.isArray(built) ? built : [built];
  if (first === undefined || !("output" in first)) throw new Error(`nothing was bundled of ${entry}`);
  const styles = first.output.flatMap((file) =>
    file.type === "asset" && file.fileName.endsWith(".css") ? [String(file.source)] : [],
  );
  return { script: first.output[0].code, style: styles.join("\n") };
}
