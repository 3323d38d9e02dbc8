/** A module -> a script that a page can run, as a page's own build would make it. */
import { build, type Rolldown } from "vite";

/** What the module at `entry` exports becomes the global `name`. */
export async function bundle(entry: string, name: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, lib: { entry, formats: ["iife"], name } },
  });
  const [output] = built as Rolldown.RolldownOutput[];
  const chunk = output?.output[0];
  if (chunk === undefined) throw new Error(`${entry} could not be bundled`);
  return chunk.code;
}
