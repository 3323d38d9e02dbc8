/** The cluster of one machine, started as its README says: an answer goes on when its node is killed, and Ctrl-C leaves nothing behind. */
import { openEventStream } from "@typebar/client";
import { expect, it } from "vitest";
import { openExample } from "./example-process.ts";

const counted = Array.from({ length: 600 }, (_, index) => `${index + 1}`).join(" ");

it("examples/cluster counts on at another node when one is killed, and ends whole", { timeout: 120_000 }, async () => {
  // A model that is set where the tests run would take the place of the one that counts.
  const noModel = { OPENAI_BASE_URL: "", OPENAI_API_KEY: "", ANTHROPIC_API_KEY: "", GOOGLE_GENERATIVE_AI_API_KEY: "" };
  await using example = await openExample("cluster", { ports: 5, env: { ...noModel, PACE_MS: "20" } });
  await expect.poll(() => example.output, { timeout: 20_000 }).toContain(`Open ${example.url}/`);
  const processes = Array.from(example.output.matchAll(/is up: process (\d+),/g), ([, pid]) => Number(pid));
  expect(processes.length).toBe(3);

  const stream = openEventStream(`${example.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": "a-key-of-this-test" },
    body: JSON.stringify({ message: "Count." }),
    backoff: { initialMs: 50, maxMs: 200 },
  });
  let text = "";
  let killed: number | undefined;
  for await (const { event, data } of stream) {
    if (event === "close") break;
    const chunk: { type: string; delta?: string } = JSON.parse(data);
    if (chunk.type === "text-delta") text += chunk.delta;
    if (killed === undefined && text.length > 20) {
      killed = Number(/ writes an answer\. To kill it: kill -9 (\d+)/.exec(example.output)?.[1]);
      expect(processes).toContain(killed);
      process.kill(killed, "SIGKILL");
    }
  }
  expect(text).toBe(counted);
  expect(example.output).toContain("goes on with an answer that another node began");

  await example.kill("SIGINT");
  for (const pid of processes) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  await expect(fetch(example.url)).rejects.toThrow();
});
