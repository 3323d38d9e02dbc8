/** One follower of one answer: goes away, comes back, is cut off, and keeps everything that it is given. Started by load.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EventStream } from "@typebar/client";
import type { PlannedLeave } from "./plan.ts";

export interface SeenEvent {
  /** Since the run began, in milliseconds. */
  atMs: number;
  event: string;
  data: string;
  id: string;
}

export interface Followed {
  events: SeenEvent[];
  /** `close` came. */
  hasEnded: boolean;
  /** The stream ended in a way that it never should. */
  error: string | undefined;
}

export interface FollowOptions {
  open(lastEventId: string): EventStream;
  leaves: readonly PlannedLeave[];
  signal: AbortSignal;
  now(): number;
  onEvent?: (count: number) => void;
  /** Filled as it goes. */
  followed: Followed;
}

/** Settles when the answer has ended for it, or the signal is aborted. Never rejects. */
export async function follow({ open, leaves, signal, now, onEvent, followed }: FollowOptions): Promise<void> {
  const { events } = followed;
  let lastEventId = "";
  try {
    for (const leave of [...leaves, undefined]) {
      const end = await readUntil(leave?.afterEvents ?? Infinity);
      if (end === "close") followed.hasEnded = true;
      else if (end === "over") followed.error = "the stream was over before its close";
      if (end !== "left") return;
      await sleep(leave?.awayMs ?? 0, undefined, { signal });
    }
  } catch (error) {
    if (!signal.aborted) followed.error = String(error instanceof Error ? (error.stack ?? error) : error);
  }

  async function readUntil(count: number): Promise<"close" | "left" | "over"> {
    let left = count;
    for await (const { event, data, lastEventId: id } of open(lastEventId)) {
      lastEventId = id;
      events.push({ atMs: now(), event, data, id });
      onEvent?.(events.length);
      if (event === "close") return "close";
      if (--left <= 0) return "left";
    }
    return "over";
  }
}
