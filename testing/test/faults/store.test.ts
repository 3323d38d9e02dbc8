/** A disk that takes no byte: what is shown waits for what is stored, and goes on when there is room. */
import { execFileSync } from "node:child_process";
import { openEventStream } from "@typebar/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  type ScriptedModel,
  type TypebarProcess,
} from "../../src/index.ts";
import { parseBlocks, type WireEvent } from "./blocks.ts";
import { requestRaw } from "./raw-request.ts";
import { judge, wholeAnswer } from "./verdict.ts";

let model: ScriptedModel;
let typebar: TypebarProcess;
beforeEach(async () => {
  model = await openScriptedModel();
  typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
});
afterEach(async () => {
  await typebar[Symbol.asyncDispose]();
  await model.close();
});

/** The system refuses every write of the running server to a file, as it does on a full disk; or no longer. */
function setDiskFull(full: boolean): void {
  execFileSync("prlimit", ["--pid", String(typebar.pid), `--fsize=${full ? 0 : "unlimited"}:unlimited`]);
}

interface Following {
  /** Grows while the answer comes. */
  events: WireEvent[];
  ended: Promise<void>;
}

function ask(message: string): Following {
  const stream = openEventStream(`${typebar.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": message.replaceAll(" ", "/") },
    body: JSON.stringify({ message }),
    backoff: { initialMs: 100, maxMs: 100 },
  });
  const events: WireEvent[] = [];
  const read = async (): Promise<void> => {
    for await (const { event, data, lastEventId } of stream) {
      events.push({ event, data, id: lastEventId });
      if (event === "close") break;
    }
  };
  return { events, ended: read() };
}

const deltasSent = (message: string): number => model.requests.find(({ key }) => key === message)?.deltasSent ?? 0;
const hasText = ({ events }: Following): boolean => judge(events).text.length > 30;

/** Waits until the model has said much more than was shown, and nothing more is shown. */
async function untilPaused(answers: readonly (readonly [message: string, answer: Following])[]): Promise<void> {
  const said = answers.map(([message]) => deltasSent(message));
  await expect
    .poll(() => answers.every(([message], index) => deltasSent(message) > (said[index] ?? 0) + 15), { timeout: 10_000 })
    .toBe(true);
}

describe("a full disk", () => {
  const messages = ["script:mixed:31:600 delay:15", "script:mixed:32:600 delay:15"] as const;

  it("pauses answers, harms no other stream, and lets them go on when there is room", { timeout: 60_000 }, async () => {
    const earlier = "script:mixed:30:200";
    const earlierAnswer = await requestRaw({
      method: "POST",
      url: `${typebar.url}/api/chat`,
      body: { message: earlier },
    });
    const answers = messages.map((message) => [message, ask(message)] as const);
    await expect.poll(() => answers.every(([, answer]) => hasText(answer)), { timeout: 10_000 }).toBe(true);

    setDiskFull(true);
    // What was stored before may still be on its way.
    await untilPaused(answers);
    const shown = answers.map(([, { events }]) => events.length);
    await untilPaused(answers);
    expect(answers.map(([, { events }]) => events.length)).toEqual(shown);

    const replay = await requestRaw({ url: `${typebar.url}${earlierAnswer.headers["content-location"]}` });
    expect(judge(parseBlocks(replay.body))).toEqual(wholeAnswer(scriptedAnswer(earlier)));

    setDiskFull(false);
    for (const [message, { events, ended }] of answers) {
      await ended;
      expect(judge(events)).toEqual(wholeAnswer(scriptedAnswer(message)));
      expect(model.count(message)).toBe(1);
    }
    expect(typebar.output).not.toContain('"level":60');
  });

  it("refuses a question with 503, and answers it once when it comes again", { timeout: 60_000 }, async () => {
    const message = "script:mixed:33:100";
    const question = {
      method: "POST" as const,
      url: `${typebar.url}/api/chat`,
      headers: { "Idempotency-Key": "again" },
      body: { message },
    };
    setDiskFull(true);
    const refused = await requestRaw(question);
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBe("1");
    expect(JSON.parse(refused.body.toString())).toMatchObject({ code: "store-unavailable" });
    expect(model.count(message)).toBe(0);
    // What the disk refused, and not what SQLite says to a rollback where nothing is left to take back.
    const told = Array.from(typebar.output.matchAll(/"errcode":(\d+),"errstr":"(.*?)"/g), ([, code, text]) => [
      code,
      text,
    ]);
    expect(new Set(told.map(String))).toEqual(new Set(["778,disk I/O error"]));
    expect((await requestRaw({ url: `${typebar.url}/readyz` })).status).toBe(503);
    expect((await requestRaw({ url: `${typebar.url}/livez` })).status).toBe(200);

    setDiskFull(false);
    expect((await requestRaw({ url: `${typebar.url}/readyz` })).status).toBe(200);
    const answered = await requestRaw(question);
    expect(judge(parseBlocks(answered.body))).toEqual(wholeAnswer(scriptedAnswer(message)));
    const list = await fetch(`${typebar.url}/api/conversations`);
    expect(await list.json()).toMatchObject({ conversations: [{}], nextCursor: null });
    expect(model.count(message)).toBe(1);
  });

  it(
    "has shown nothing that was not stored: killed while full, the answer goes on exactly",
    { timeout: 60_000 },
    async () => {
      const answers = messages.map((message) => [message, ask(message)] as const);
      await expect.poll(() => answers.every(([, answer]) => hasText(answer)), { timeout: 10_000 }).toBe(true);
      setDiskFull(true);
      // Long enough for some deltas to be refused.
      await new Promise((resolve) => setTimeout(resolve, 300));
      await typebar.kill("SIGKILL");
      // The limit dies with the process.
      await typebar.start();
      for (const [message, { events, ended }] of answers) {
        await ended;
        expect(judge(events)).toEqual(wholeAnswer(scriptedAnswer(message)));
      }
      expect(model.violations).toEqual([]);
    },
  );
});
