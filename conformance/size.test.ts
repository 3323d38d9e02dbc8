/** What a page loads for the client: bundled, minified and compressed as a page's build does it. */
import { gzipSync } from "node:zlib";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";

async function gzippedBytes(source: string): Promise<number> {
  const entry = new URL("size-entry.js", import.meta.url).pathname;
  const bundle = await rolldown({
    input: "entry",
    resolve: { conditionNames: ["typebar-source", "import", "default"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? entry : undefined),
        load: (id) => (id === entry ? source : undefined),
      },
    ],
  });
  const { output } = await bundle.generate({ format: "esm", minify: true });
  return gzipSync(output[0].code, { level: 9 }).length;
}

test.each([
  ["openEventStream", 5120],
  ["readEventStream", 5120],
  ["fetchEventSource", 5632],
  ["EventSource", 5632],
  ["openEventStream, readEventStream, fetchEventSource, EventSource", 6656],
])("%s with its parser is at most %d bytes", async (names, budgetBytes) => {
  expect(await gzippedBytes(`export { ${names} } from "@typebar/client";`)).toBeLessThanOrEqual(budgetBytes);
});

test("one function brings nothing of the others", async () => {
  const one = await gzippedBytes(`export { openEventStream } from "@typebar/client";`);
  const all = await gzippedBytes(`export * from "@typebar/client";`);
  expect(one).toBeLessThan(all - 1000);
});
