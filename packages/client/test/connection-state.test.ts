import { describe, expect, test } from "vitest";
import { failuresAfterLoss } from "../src/connection-state.ts";
import { EventStreamError, initialState, nextState } from "../src/index.ts";
import type { ConnectionEvent, ConnectionState } from "../src/index.ts";

const error = new EventStreamError("network");
const lost: ConnectionEvent = { type: "lost", failures: 1, delayMs: 10, error };
const waiting: ConnectionState = { name: "waiting", failures: 1, delayMs: 10, error };
const open: ConnectionState = { name: "open", failures: 0 };
const closed: ConnectionState = { name: "closed" };

test("a connection opens, is lost, waits, and connects again", () => {
  const events: ConnectionEvent[] = [{ type: "opened" }, lost, { type: "retry" }, { type: "opened" }];
  const states: ConnectionState[] = [];
  events.reduce((state, event) => {
    const next = nextState(state, event);
    states.push(next);
    return next;
  }, initialState);
  expect(states).toEqual([open, waiting, { name: "connecting", failures: 1 }, { name: "open", failures: 1 }]);
});

test.each([initialState, open, waiting])("$name can be closed, with an error or without", (state) => {
  expect(nextState(state, { type: "closed" })).toEqual({ name: "closed" });
  expect(nextState(state, { type: "closed", error })).toEqual({ name: "closed", error });
});

test.each<[ConnectionState, ConnectionEvent]>([
  [initialState, { type: "retry" }],
  [open, { type: "opened" }],
  [open, { type: "retry" }],
  [waiting, { type: "opened" }],
  [waiting, lost],
  [closed, { type: "opened" }],
  [closed, lost],
  [closed, { type: "retry" }],
  [closed, { type: "closed", error }],
])("%j stays what it is at %j", (state, event) => {
  expect(nextState(state, event)).toBe(state);
});

describe("failuresAfterLoss", () => {
  test("counts on until a connection was healthy", () => {
    expect(failuresAfterLoss({ name: "connecting", failures: 3 }, 0, 5000)).toBe(4);
    expect(failuresAfterLoss({ name: "open", failures: 3 }, 4999, 5000)).toBe(4);
    expect(failuresAfterLoss({ name: "open", failures: 3 }, 5000, 5000)).toBe(1);
  });

  test("time since an earlier connection opened makes a failed attempt no healthy one", () => {
    expect(failuresAfterLoss({ name: "connecting", failures: 3 }, 1_000_000, 5000)).toBe(4);
  });
});
