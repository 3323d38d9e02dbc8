/** In a page: what happens when the device is back. Node has neither a document nor an event target; both stand in. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openEventStream } from "../src/index.ts";
import type { Clock, EventStreamOptions } from "../src/index.ts";
import { ended, held, serve, status } from "./scripted-server.ts";
import type { ScriptedAnswer } from "./scripted-server.ts";

const one = "data: one\nid: 1\n\n";
const close = "event: close\ndata: [DONE]\nid: 2\n\n";

class Page extends EventTarget {
  visibilityState = "visible";
}

let page: Page;
let self: EventTarget;

beforeEach(() => {
  page = new Page();
  self = new EventTarget();
  vi.stubGlobal("document", page);
  vi.stubGlobal("addEventListener", self.addEventListener.bind(self));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function leave(persisted: boolean): void {
  self.dispatchEvent(Object.assign(new Event("pagehide"), { persisted }));
}

const turns = {
  pageshow: (): unknown => self.dispatchEvent(new Event("pageshow")),
  resume: (): unknown => page.dispatchEvent(new Event("resume")),
  online: (): unknown => self.dispatchEvent(new Event("online")),
  visible: (): unknown => page.dispatchEvent(new Event("visibilitychange")),
};

/** A stream that has had one event and waits for the next, in the state that is named. */
async function followed(
  name: string,
  options: EventStreamOptions,
  ...answers: ScriptedAnswer[]
): Promise<AsyncDisposable & { next: Promise<unknown>; requests: () => number; stateName: () => string }> {
  const server = await serve(...answers, ended(close));
  const stream = openEventStream(server.url, options);
  await stream.next();
  const next = stream.next();
  while (stream.state.name !== name) await new Promise((resolve) => setTimeout(resolve, 1));
  return {
    next,
    requests: () => server.requests.length,
    stateName: () => stream.state.name,
    async [Symbol.asyncDispose]() {
      stream.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

test.each(["online", "visible", "pageshow", "resume"] as const)("%s ends a pause at once", async (turn) => {
  await using stream = await followed("waiting", {}, ended(`retry: 1000000\n${one}`));
  turns[turn]();
  expect(await stream.next).toMatchObject({ value: { event: "close" } });
});

test("being hidden ends no pause and closes nothing", async () => {
  await using stream = await followed("waiting", {}, ended(`retry: 1000000\n${one}`));
  page.visibilityState = "hidden";
  turns.visible();
  expect(stream.stateName()).toBe("waiting");
  await using other = await followed("open", {}, held(one));
  turns.visible();
  expect(other.stateName()).toBe("open");
});

test("a pause that the server asked for by Retry-After goes on", async () => {
  await using server = await serve(status(503, { "Retry-After": "1000" }));
  await using stream = openEventStream(server.url);
  while (stream.state.name !== "waiting") await new Promise((resolve) => setTimeout(resolve, 1));
  turns.online();
  turns.visible();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stream.state.name).toBe("waiting");
});

test("a connection that fell silent while the device slept is opened anew at once; one that did not is kept", async () => {
  let nowMs = 0;
  // Timers stood still while the device slept.
  const clock: Clock = { now: () => nowMs, setTimeout: () => undefined, clearTimeout: () => {} };
  await using stream = await followed("open", { clock, silenceMs: 30_000 }, held(one));
  nowMs = 29_999;
  turns.visible();
  expect(stream.stateName()).toBe("open");
  nowMs = 30_000;
  turns.visible();
  while (stream.stateName() !== "waiting") await new Promise((resolve) => setTimeout(resolve, 1));
  turns.visible();
  expect(await stream.next).toMatchObject({ value: { event: "close" } });
});

test("nothing listens any more when the stream is closed", async () => {
  const removed: unknown[] = [];
  for (const target of [page, self]) {
    const add = target.addEventListener.bind(target);
    target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
      options?.signal?.addEventListener("abort", () => removed.push(type));
      add(type, listener, options);
    };
  }
  vi.stubGlobal("addEventListener", self.addEventListener);
  await using server = await serve(status(204));
  const stream = openEventStream(server.url);
  stream.close();
  expect(new Set(removed)).toEqual(new Set(["online", "pageshow", "pagehide", "freeze", "resume", "visibilitychange"]));
});

test.each([
  ["frozen", () => page.dispatchEvent(new Event("freeze")), turns.resume],
  ["kept for the back button", () => leave(true), turns.pageshow],
] as const)(
  "a page that is %s lets go of its connection, asks nothing, and goes on when it is back",
  async (_, sleep, wake) => {
    await using stream = await followed("open", { backoff: { initialMs: 0 } }, held(one));
    sleep();
    while (stream.stateName() !== "waiting") await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(stream.requests()).toBe(1);
    wake();
    expect(await stream.next).toMatchObject({ value: { event: "close" } });
    expect(stream.requests()).toBe(2);
  },
);

test("a page that is back before its consumer reads on goes on at once", async () => {
  await using server = await serve(held(one), ended(close));
  await using stream = openEventStream(server.url, { backoff: { initialMs: 1_000_000 } });
  await stream.next();
  page.dispatchEvent(new Event("freeze"));
  turns.resume();
  expect(await stream.next()).toMatchObject({ value: { event: "close" } });
});

test("leaving a page for good is left to the browser", async () => {
  await using stream = await followed("open", {}, held(one));
  leave(false);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(stream.stateName()).toBe("open");
});

test("where nothing tells of a sleep, a jump of the clock does: what fell silent is opened anew", async () => {
  vi.unstubAllGlobals();
  let nowMs = 0;
  const ticks = new Set<() => void>();
  const clock: Clock = {
    now: () => nowMs,
    setTimeout(callback, delayMs) {
      // Only the look at the clock comes so soon; pauses are none here.
      if (delayMs === 0) setTimeout(callback);
      else if (delayMs <= 5000) ticks.add(callback);
      return callback;
    },
    clearTimeout: (timer) => ticks.delete(timer as () => void),
  };
  const tick = (): void => {
    const due = Array.from(ticks);
    ticks.clear();
    for (const callback of due) callback();
  };
  await using stream = await followed("open", { clock, silenceMs: 30_000, backoff: { maxMs: 0 } }, held(one));
  for (let count = 0; count < 5; count++) {
    nowMs += 5000;
    tick();
  }
  expect(stream.stateName()).toBe("open");
  nowMs += 600_000;
  tick();
  expect(await stream.next).toMatchObject({ value: { event: "close" } });
});
