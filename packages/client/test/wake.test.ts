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

const turns = {
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

test.each(["online", "visible"] as const)("%s ends a pause at once", async (turn) => {
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
  expect(new Set(removed)).toEqual(new Set(["online", "visibilitychange"]));
});
