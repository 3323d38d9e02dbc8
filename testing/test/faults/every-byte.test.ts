/** One answer cut at every byte: whoever goes on after the last whole event has all of it, once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  openFaultyProxy,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  scriptedReasoning,
  type ScriptedModel,
  type TypebarProcess,
} from "../../src/index.ts";
import { blockEnds, parseBlocks, type WireEvent } from "./blocks.ts";
import { requestRaw } from "./raw-request.ts";
import { judge, reasoningParts, wholeAnswer } from "./verdict.ts";

/** Chinese, emoji, lines that look like the wire, and reasoning before it all. */
const message = "script:mixed:22:110 reasoning:20 delay:3";

let model: ScriptedModel;
let typebar: TypebarProcess;
let location: string;
/** The body of the first response, with each record in a block of its own: it was read while the answer was made. */
let liveBody: Buffer;
beforeAll(async () => {
  model = await openScriptedModel();
  typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
  const response = await requestRaw({ method: "POST", url: `${typebar.url}/api/chat`, body: { message } });
  location = `${typebar.url}${response.headers["content-location"]}`;
  liveBody = response.body;
});
afterAll(async () => {
  await typebar[Symbol.asyncDispose]();
  await model.close();
});

async function resumeAfter(lastEventId: string | undefined): Promise<WireEvent[]> {
  const response = await requestRaw({
    url: location,
    headers: lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId },
  });
  if (response.status === 204) return [];
  expect(response).toMatchObject({ status: 200, complete: true });
  return parseBlocks(response.body);
}

/** What a client has at a cut that remembers an ID as soon as it has read the line, before the event is whole. */
function lastIdLine(bytes: Uint8Array): string | undefined {
  const lines = Buffer.from(bytes).toString("latin1").split("\n").slice(0, -1);
  return lines.findLast((line) => line.startsWith("id: "))?.slice(4);
}

describe("one answer cut at every byte", () => {
  it("holds what breaks streams", () => {
    const answer = scriptedAnswer(message);
    expect(answer).toMatch(/\p{Script=Han}/u);
    expect(answer).toMatch(/\p{Emoji_Presentation}/u);
    expect(answer).toContain("data: ");
    const events = parseBlocks(liveBody);
    expect(judge(events)).toEqual(wholeAnswer(answer));
    expect(reasoningParts(events)).toEqual([scriptedReasoning(message)]);
    expect(events.length).toBeGreaterThan(25);
  });

  it("goes on exactly after the last whole event of a live response", { timeout: 120_000 }, async () => {
    const continuations = new Map<string | undefined, WireEvent[]>();
    const whole = wholeAnswer(scriptedAnswer(message));
    const onlyCloseFollowed: number[] = [];
    for (let cutAt = 0; cutAt <= liveBody.length; cutAt++) {
      const before = parseBlocks(liveBody.subarray(0, cutAt));
      const lastEventId = before.at(-1)?.id;
      const after = continuations.get(lastEventId) ?? (await resumeAfter(lastEventId));
      continuations.set(lastEventId, after);
      const all = [...before, ...after];
      expect(judge(all), `cut after byte ${cutAt}`).toEqual(whole);
      expect(reasoningParts(all)).toEqual([scriptedReasoning(message)]);
      if (before.length > 0 && after.length === 1) onlyCloseFollowed.push(cutAt);
    }
    // After the terminal chunk, and at each byte within the block of `close`.
    const [terminalEnd = 0, closeEnd = 0] = blockEnds(liveBody).slice(-2);
    expect(onlyCloseFollowed).toEqual(
      Array.from({ length: closeEnd - terminalEnd }, (_, index) => terminalEnd + index),
    );
    expect(continuations.get(parseBlocks(liveBody).at(-1)?.id)).toEqual([]);
  });

  it(
    "goes on over real connections cut at every byte of a response, its head included",
    { timeout: 300_000 },
    async () => {
      const { wireBytes } = await requestRaw({ url: location });
      const whole = wholeAnswer(scriptedAnswer(message));
      let next = 0;
      const workers = Array.from({ length: 4 }, async (_, worker) => {
        await using proxy = await openFaultyProxy({ target: typebar, seed: worker });
        for (let cutAt = next++; cutAt < wireBytes; cutAt = next++) {
          proxy.cutAfter(cutAt, "fin");
          const response = await requestRaw({ url: location.replace(typebar.url, proxy.url) });
          expect(response.complete, `cut after byte ${cutAt}`).toBe(false);
          const before = parseBlocks(response.body);
          const all = [...before, ...(await resumeAfter(before.at(-1)?.id))];
          expect(judge(all), `cut after byte ${cutAt}`).toEqual(whole);
        }
      });
      await Promise.all(workers);
    },
  );

  /**
   * Some clients (fetch-event-source among them) remember an ID when they have read its line. Because it is a block's
   * last line, one byte a block is left where a cut costs them an event: the newline that would have made it whole.
   */
  it("costs a client that remembers an ID by its line at most one byte a block", async () => {
    const losing: number[] = [];
    for (let cutAt = 0; cutAt <= liveBody.length; cutAt++) {
      const bytes = liveBody.subarray(0, cutAt);
      if (lastIdLine(bytes) !== parseBlocks(bytes).at(-1)?.id) losing.push(cutAt);
    }
    expect(losing).toEqual(blockEnds(liveBody).map((end) => end - 1));
  });

  it("asked the model once", () => {
    expect(model.count(message)).toBe(1);
    expect(model.requests).toHaveLength(1);
    expect(model.violations).toEqual([]);
  });
});
