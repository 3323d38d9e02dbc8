/** The client with run-all.ts as one module that any runtime takes. Called by runtimes.test.ts. */
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

export async function bundleRunner(): Promise<string> {
  const bundle = await rolldown({
    input: fileURLToPath(new URL("run-all.ts", import.meta.url)),
    resolve: { conditionNames: ["typebar-source", "import", "default"] },
  });
  const { output } = await bundle.generate({ format: "esm" });
  return output[0].code;
}
