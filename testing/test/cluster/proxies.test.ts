/** The configurations of nginx and Caddy that docs/deploy ships: streams pass at once, and who cannot be reached is passed over. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  findFreePort,
  openFrontProxy,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "../../src/index.ts";
import { parseBlocks } from "../faults/blocks.ts";
import { judge, wholeAnswer } from "../faults/verdict.ts";

let model: ScriptedModel;
let server: TypebarProcess;
beforeAll(async () => {
  model = await openScriptedModel();
  server = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
}, 60_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await model?.close();
});

const textOf = (bytes: Buffer): string => judge(parseBlocks(bytes)).text;

test.each(["nginx", "caddy"] as const)(
  "%s hands on each piece of an answer while the rest has not been said, and passes over nodes that are gone",
  { timeout: 60_000 },
  async (kind) => {
    // Two of the three are not there.
    const ports = [await findFreePort(), server.port, await findFreePort()];
    await using proxy = await openFrontProxy({ kind, ports });
    for (let turn = 1; turn <= 3; turn += 1) {
      const message = `script:mixed:${turn}:500:${kind} deltas:60 hold:1`;
      const response = await fetch(`${proxy.url}/api/chat`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Accept-Encoding": "gzip, br" },
        body: JSON.stringify({ message }),
      });
      expect(response.status).toBe(200);
      expect(response.headers.get("Content-Encoding")).toBeNull();
      let bytes = Buffer.alloc(0);
      let released = false;
      // If anything in between gathered, the model would wait for its release for ever: so little fills no buffer.
      for await (const piece of response.body ?? []) {
        bytes = Buffer.concat([bytes, piece]);
        if (released || textOf(bytes) === "") continue;
        expect(model.requests.find(({ key }) => key === message)?.deltasSent).toBe(1);
        model.release(message);
        released = true;
      }
      expect(judge(parseBlocks(bytes))).toEqual(wholeAnswer(scriptedAnswer(message)));
    }
  },
);
