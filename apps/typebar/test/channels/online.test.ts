/** The channel `online` of a real server: who follows it is told how many streams are open, and by how many it is followed. */
import { openScriptedModel, openTypebarProcess, type ScriptedModel, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { follow, type Reading } from "./reading.ts";

let model: ScriptedModel;
let typebar: TypebarProcess;
beforeAll(async () => {
  model = await openScriptedModel();
});
afterAll(() => model.close());
beforeEach(async () => {
  typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
  return () => typebar[Symbol.asyncDispose]();
});

/** What it was told last. */
const lastOf = ({ events }: Reading): unknown => events.findLast(({ event }) => event === "online")?.data;

async function untilTold(reading: Reading, state: { count: number; followers: number }): Promise<void> {
  await expect.poll(() => lastOf(reading), { timeout: 5000 }).toEqual(state);
}

test("whoever follows is told the present count at once, and each change after it", async () => {
  const first = await follow(typebar, "online/events");
  const [ready, told] = await first.until(2);
  expect([ready?.event, told]).toMatchObject(["ready", { event: "online", data: { count: 1, followers: 1 } }]);
  const second = await follow(typebar, "events?channels=online,other");
  await untilTold(first, { count: 2, followers: 2 });
  await untilTold(second, { count: 2, followers: 2 });
  const other = await follow(typebar, "other/events");
  await untilTold(first, { count: 3, followers: 2 });
  other.leave();
  second.leave();
  await untilTold(first, { count: 1, followers: 1 });
  first.leave();
});

test("an answer that is being read is one stream more", async () => {
  const reading = await follow(typebar, "online/events");
  const question = "script:plain:3:200 deltas:20 hold:3";
  const asked = fetch(`${typebar.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message: question }),
  });
  await untilTold(reading, { count: 2, followers: 1 });
  model.release(question);
  await (await asked).text();
  await untilTold(reading, { count: 1, followers: 1 });
  reading.leave();
});

test("nothing is published while nobody follows it, and who comes then is told what is so now", async () => {
  const first = await follow(typebar, "online/events");
  const { id = "" } = (await first.until(2))[1] ?? {};
  const others = await Promise.all([follow(typebar, "a/events"), follow(typebar, "b/events")]);
  await untilTold(first, { count: 3, followers: 1 });
  const toldId = first.events.at(-1)?.id ?? "";
  first.leave();
  for (const other of others) other.leave();
  await expect.poll(openStreams, { timeout: 5000 }).toBe(0);
  const again = await follow(typebar, "online/events");
  const [, told] = await again.until(2);
  expect(told).toMatchObject({ data: { count: 1, followers: 1 } });
  expect(seqOf(told?.id ?? "")).toBe(seqOf(toldId) + 1);
  expect(seqOf(toldId)).toBeGreaterThan(seqOf(id));
  again.leave();
});

test("what was told before kill -9 is not told again as if it were so", async () => {
  const readings = await Promise.all(["online", "a", "b"].map((name) => follow(typebar, `${name}/events`)));
  await untilTold(readings[0] as Reading, { count: 3, followers: 1 });
  await typebar.kill("SIGKILL");
  await typebar.start();
  const reading = await follow(typebar, "online/events");
  expect((await reading.until(2))[1]).toMatchObject({ data: { count: 1, followers: 1 } });
  reading.leave();
});

const seqOf = (eventId: string): number => Number(eventId.split(":")[1]);

async function openStreams(): Promise<number> {
  const text = await (await fetch(`${typebar.url}/metrics`)).text();
  return Number(/^typebar_open_streams (\d+)$/mu.exec(text)?.[1]);
}
