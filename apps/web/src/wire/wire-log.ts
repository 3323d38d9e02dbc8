/**
 * What came over the wire, as it came: the last event blocks and changes of connections, for the wire view.
 * Written by app-context.ts, shown by components/WireDrawer.vue.
 */

import type { WireObservation } from "@typebar/chat-client";

export interface WireRow {
  readonly number: number;
  readonly atMs: number;
  readonly kind: "event" | "connection";
  readonly id: string;
  /** Name of the event, or of the connection's state. */
  readonly name: string;
  readonly data: string;
}

export interface WireLog {
  /** The rows kept, oldest first. The array is the log's own: read it, do not keep it. */
  readonly rows: readonly WireRow[];
  add(row: Omit<WireRow, "number" | "atMs">): void;
  clear(): void;
  /** @returns a function that ends the subscription. */
  subscribe(onChange: () => void): () => void;
}

const mostRows = 2000;

export function createWireLog(now: () => number): WireLog {
  let rows: WireRow[] = [];
  let count = 0;
  const listeners = new Set<() => void>();

  function tell(): void {
    for (const listener of listeners) listener();
  }

  return {
    get rows() {
      return rows;
    },
    add(row) {
      count += 1;
      rows.push({ ...row, number: count, atMs: now() });
      // Cut rarely: moving two thousand rows with every event would cost more than keeping a few too many.
      if (rows.length >= mostRows * 1.25) rows = rows.slice(-mostRows);
      tell();
    },
    clear() {
      rows = [];
      tell();
    },
    subscribe(onChange) {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
  };
}

export function toWireRow(observation: WireObservation): Omit<WireRow, "number" | "atMs"> {
  if (observation.type === "event") {
    const { event, data, lastEventId } = observation;
    return { kind: "event", id: lastEventId, name: event, data };
  }
  return { kind: "connection", id: "", name: observation.state.name, data: describe(observation) };
}

function describe({ state, method, url }: Extract<WireObservation, { type: "connection" }>): string {
  if (state.name === "waiting") {
    const { error, delayMs } = state;
    // A page that sleeps comes back when it is woken, not after a time.
    return delayMs === Number.POSITIVE_INFINITY ? error.code : `${error.code}, again in ${Math.round(delayMs)} ms`;
  }
  if (state.name === "closed") return state.error instanceof Error ? state.error.message : "";
  return `${method} ${url}`;
}
