/** `@microsoft/fetch-event-source` for pages: it needs `window` and `document`. */
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

/** A script after which the page has the package's exports as `FetchEventSource`. */
export function bundleFetchEventSource(): Promise<string> {
  const main = fileURLToPath(import.meta.resolve("@microsoft/fetch-event-source"));
  return bundle(main.replace("/cjs/", "/esm/"), "FetchEventSource");
}
