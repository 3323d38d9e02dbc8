/** Answers cut at random bytes, each many times, and followed in every way: whole, exact, and asked for once. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConnectionPlan,
  countOf,
  cuts,
  openFaultyProxy,
  openScriptedModel,
  openTypebarProcess,
  pick,
  type Random,
  randomFor,
  randomInteger,
  scriptedAnswer,
  type ScriptedModel,
  seed,
  seedText,
  type TypebarProcess,
} from "../../src/index.ts";
import { ask, type Way } from "./ask.ts";
import { judge, wholeAnswer } from "./verdict.ts";

const answerCount = countOf({ usual: 200, long: 1000 });
const atOnce = 12;
/** Half of the answers are resumed by GET, half by repeating the POST. */
const waysInTurn: readonly Way[] = ["generation", "same-post", "same-get", "client-post", "client-get", "same-post"];

let model: ScriptedModel;
let typebar: TypebarProcess;
beforeAll(async () => {
  model = await openScriptedModel();
  typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
});
afterAll(async () => {
  await typebar[Symbol.asyncDispose]();
  await model.close();
});

/** The head and the first lines of a response are about so long, in bytes: the events come after. */
const bytesBeforeEvents = 2750;

/** Where one connection is cut: sometimes in the head or the first comment, mostly among the events. */
function planCut(random: Random): ConnectionPlan {
  const cutAfterBytes =
    random() < 0.2 ? randomInteger(random, 0, bytesBeforeEvents) : bytesBeforeEvents + randomInteger(random, 0, 1000);
  // A stalled connection costs a time-out each.
  const cut =
    random() < 0.03
      ? "stall"
      : pick(
          cuts.filter((kind) => kind !== "stall"),
          random,
        );
  return { cutAfterBytes, cut, ...(random() < 0.3 && { splitBytes: randomInteger(random, 1, 400) }) };
}

async function askThroughCuts(
  index: number,
): Promise<{ way: Way; cuts: number; verdict: unknown; expected: unknown; asked: number }> {
  const random = randomFor(`cuts ${index}`);
  const message = `script:mixed:${seed % 1000}${index}:${randomInteger(random, 60, 220)} delay:${randomInteger(random, 1, 8)}`;
  const cutsToCome = randomInteger(random, 5, 15);
  await using proxy = await openFaultyProxy({
    target: typebar,
    seed: seed + index,
    plan: (connection, proxyRandom) => (connection <= cutsToCome ? planCut(proxyRandom) : {}),
  });
  const way = waysInTurn[index % waysInTurn.length] ?? "same-post";
  const events = await ask({ url: proxy.url, message, key: `cuts-${index}`, silenceMs: 400 }, way);
  return {
    way,
    cuts: proxy.counts.cuts,
    verdict: judge(events),
    expected: wholeAnswer(scriptedAnswer(message)),
    asked: model.count(message),
  };
}

describe(`answers cut at random bytes (${seedText})`, () => {
  it(`gives ${answerCount} answers whole and exact, each asked for once`, { timeout: 600_000 }, async () => {
    let next = 0;
    let cutCount = 0;
    const workers = Array.from({ length: atOnce }, async () => {
      for (let index = next++; index < answerCount; index = next++) {
        const { way, cuts, verdict, expected, asked } = await askThroughCuts(index);
        cutCount += cuts;
        expect(verdict, `answer ${index}, by ${way}`).toEqual(expected);
        expect(asked, `requests for answer ${index}, by ${way}, counted at the model`).toBe(1);
      }
    });
    await Promise.all(workers);
    expect(model.violations).toEqual([]);
    expect(model.requests).toHaveLength(answerCount);
    expect(cutCount).toBeGreaterThan(2 * answerCount);
  });
});
