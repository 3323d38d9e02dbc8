/**
 * The scripted model as a process of its own, for tests that kill what stands around it.
 * Prints one line of JSON, `{"url":"http://127.0.0.1:<port>/v1"}`, and runs until SIGTERM or SIGINT.
 */
import { parseArgs } from "node:util";
import { openScriptedModel } from "./scripted-model.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: process.env["SCRIPTED_PORT"] ?? "0" },
    "delay-ms": { type: "string", default: process.env["SCRIPTED_DELAY_MS"] ?? "0" },
    "api-key": { type: "string" },
    "owned-by": { type: "string" },
  },
});

const model = await openScriptedModel({
  port: Number(values.port),
  delayMs: Number(values["delay-ms"]),
  ...(values["api-key"] === undefined ? {} : { apiKey: values["api-key"] }),
  ...(values["owned-by"] === undefined ? {} : { ownedBy: values["owned-by"] }),
});
console.log(JSON.stringify({ url: model.url }));
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void model.close());
