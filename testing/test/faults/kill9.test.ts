/** `kill -9` of the whole process group in mid-answer, a restart on the same data, and clients that come back by themselves. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  countOf,
  type Random,
  randomFor,
  randomInteger,
  scriptedAnswer,
  scriptedReasoning,
  seedText,
} from "../../src/index.ts";
import { type Asked, type KillWorld, openKillWorld } from "./kill-world.ts";
import { judge, reasoningParts, type Verdict, wholeAnswer } from "./verdict.ts";

const timeout = 600_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const pace = (random: Random): string => `delay:${randomInteger(random, 3, 12)}`;

/** An answer that could not be gone on with: what was kept, and a word on why. */
function interruptedAnswer({ text }: Verdict): Verdict {
  return {
    ...wholeAnswer(text),
    terminals: ["error"],
    state: "interrupted",
    code: "continuation-unsupported",
  };
}

/** Fewer characters than tell a model that begins again from one that goes on with the same words. */
const tooFewToTell = 4;

function keptTooLittleToTell({ model }: KillWorld, { message }: Asked): boolean {
  return model.requests.some(
    ({ key, kind, keptText }) => key === message && kind === "prefill" && keptText.length < tooFewToTell,
  );
}

async function expectStoredAsShown(world: KillWorld, shown: ReadonlyMap<string, Verdict>): Promise<void> {
  const stored = await world.readStored();
  expect(stored.map(({ message }) => message).toSorted()).toEqual([...shown.keys()].toSorted());
  for (const { message, text, state } of stored) {
    expect({ text, state }, message).toEqual({ text: shown.get(message)?.text, state: shown.get(message)?.state });
  }
}

describe.each(["auto", "prompt"] as const)(`kill -9 in mid-answer, continuation %s (${seedText})`, (continuation) => {
  let world: KillWorld;
  beforeAll(async () => void (world = await openKillWorld(`kill9-${continuation}`, continuation)));
  afterAll(() => world[Symbol.asyncDispose]());

  it("gives every answer whole and exact, or a kept prefix and why it ends there", { timeout }, async () => {
    const random = randomFor(`kill9 ${continuation}`);
    const rounds = countOf({ usual: continuation === "auto" ? 20 : 6, long: 60 });
    const shown = new Map<string, Verdict>();
    let interruptions = 0;
    let continuations = 0;
    for (let round = 0; round < rounds; round++) {
      const continued = [
        ...Array.from({ length: 4 }, () => world.ask("scripted", pace(random))),
        ...(["overlaps", "prompt-only", "restarts"] as const).map((model) => world.ask(model, pace(random))),
      ];
      const unable = world.ask("no-prefill", pace(random));
      const kills = random() < 0.25 ? 2 : 1;
      for (let kill = 0; kill < kills; kill++) {
        await pause(randomInteger(random, 10, 350));
        await world.killAndRestart();
      }

      const where = `round ${round}, ${seedText}`;
      for (const asked of continued) {
        const verdict = judge(await asked.events);
        shown.set(asked.message, verdict);
        if (asked.model === "restarts" && keptTooLittleToTell(world, asked)) continue;
        expect(verdict, `${asked.model} in ${where}`).toEqual(wholeAnswer(scriptedAnswer(asked.message)));
        if (world.model.count(asked.message) > 1) continuations += 1;
      }
      const verdict = judge(await unable.events);
      shown.set(unable.message, verdict);
      const answer = scriptedAnswer(unable.message);
      if (verdict.text === answer) {
        expect(verdict, where).toEqual(wholeAnswer(answer));
      } else {
        interruptions += 1;
        expect(verdict, where).toEqual(interruptedAnswer(verdict));
        expect(verdict.text, where).not.toBe("");
        expect(answer.startsWith(verdict.text), where).toBe(true);
      }
    }
    expect(world.model.violations).toEqual([]);
    // The kills did fall into the middle of answers.
    expect(interruptions).toBeGreaterThan(0);
    expect(continuations).toBeGreaterThan(0);
    await expectStoredAsShown(world, shown);
  });
});

describe(`kill -9 before there is text (${seedText})`, () => {
  let world: KillWorld;
  beforeAll(async () => void (world = await openKillWorld("kill9-early", "auto")));
  afterAll(() => world[Symbol.asyncDispose]());

  it("begins unfinished reasoning anew as a part of its own, and the text is exact", { timeout }, async () => {
    const random = randomFor("kill9 reasoning");
    let restarted = 0;
    for (let round = 0; round < countOf({ usual: 4, long: 30 }); round++) {
      const answers = Array.from({ length: 4 }, () => world.ask("scripted", `delay:6 reasoning:300`));
      await pause(randomInteger(random, 30, 300));
      await world.killAndRestart();
      for (const { message, events } of answers) {
        const received = await events;
        const where = `${message} in round ${round}, ${seedText}`;
        expect(judge(received), where).toEqual(wholeAnswer(scriptedAnswer(message)));
        const reasoning = scriptedReasoning(message);
        const parts = reasoningParts(received);
        expect(parts.at(-1), where).toBe(reasoning);
        expect(
          parts.filter((part) => !reasoning.startsWith(part)),
          where,
        ).toEqual([]);
        if (parts.length > 1) restarted += 1;
      }
    }
    expect(restarted).toBeGreaterThan(0);
    expect(world.model.violations).toEqual([]);
  });

  it("asks once, and answers, whatever had been stored of the question", { timeout }, async () => {
    const random = randomFor("kill9 questions");
    const before = (await world.readStored()).length;
    const shown = new Map<string, Verdict>();
    const rounds = countOf({ usual: 6, long: 60 });
    let begunAfterKill = 0;
    for (let round = 0; round < rounds || (begunAfterKill === 0 && round < 10 * rounds); round++) {
      // Some questions have not arrived when the kill comes, some are stored without a record, some have begun.
      const answers: Asked[] = [];
      for (let question = 0; question < 12; question++) {
        answers.push(world.ask("scripted", "delay:1"));
        if (random() < 0.7) await new Promise(setImmediate);
        if (random() < 0.3) await pause(1);
      }
      await world.killAndRestart();
      for (const { message, events } of answers) {
        const received = await events;
        const verdict = judge(received);
        shown.set(message, verdict);
        // Stored, but without a record until the next process came.
        if (received[0]?.id?.endsWith(":2.1")) begunAfterKill += 1;
        expect(verdict, `round ${round}, ${seedText}`).toEqual(wholeAnswer(scriptedAnswer(message)));
      }
    }
    expect(begunAfterKill).toBeGreaterThan(0);
    const stored = await world.readStored();
    const asked = stored.filter(({ message }) => shown.has(message));
    expect(asked.map(({ message }) => message).toSorted()).toEqual([...shown.keys()].toSorted());
    expect(stored).toHaveLength(before + shown.size);
    expect(world.model.violations).toEqual([]);
  });
});
