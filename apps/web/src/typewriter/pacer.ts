/**
 * Decides how much of the received text is shown in the next frame. Pure: the clock is passed in.
 * Called by typist.ts once per animation frame.
 */

import type { Graphemes } from "./graphemes.ts";

/** A backlog is worked off in about this time, so text that arrives in lumps still flows. */
const backlogMs = 300;
/** After the end of the stream everything is shown within this time. */
const endMs = 250;
const slowestUnitsPerSecond = 40;
/** A frame that comes later than this counts as this long. */
const longestFrameMs = 100;
const firstFrameMs = 16;

export interface Pace {
  /** Code units shown; always a boundary between grapheme clusters. */
  readonly shown: number;
  /** Part of a code unit that was due but could not be shown; negative after a long cluster. */
  readonly owed: number;
  /** When the last frame was, while there was something to show; a pause starts afresh. */
  readonly frameMs: number | null;
  /** When the end of the stream was first seen. */
  readonly endedMs: number | null;
}

export interface PaceInput {
  /** All text received so far; it only grows. */
  text: string;
  ended: boolean;
  /** Show what can be shown at once: hidden tab, reduced motion, text that was already there. */
  instant: boolean;
  nowMs: number;
  graphemes: Graphemes;
}

export const startPace: Pace = { shown: 0, owed: 0, frameMs: null, endedMs: null };

export function nextPace(pace: Pace, input: PaceInput): Pace {
  const { text, ended, nowMs } = input;
  const endedMs = ended ? (pace.endedMs ?? nowMs) : null;
  const waiting = text.slice(pace.shown);
  const ready = ended ? waiting.length : input.graphemes.lastStart(waiting);
  if (ready === 0) return { shown: pace.shown, owed: 0, frameMs: null, endedMs };
  if (input.instant) return { shown: pace.shown + ready, owed: 0, frameMs: null, endedMs };

  const sinceMs = pace.frameMs === null ? firstFrameMs : nowMs - pace.frameMs;
  const due = pace.owed + unitsDue(ready, sinceMs, endedMs, nowMs);
  if (due < 1) return { shown: pace.shown, owed: due, frameMs: nowMs, endedMs };

  const wanted = Math.min(ready, Math.floor(due));
  const taken = Math.min(ready, input.graphemes.endOf(waiting, wanted - 1));
  return { shown: pace.shown + taken, owed: taken === ready ? 0 : due - taken, frameMs: nowMs, endedMs };
}

function unitsDue(ready: number, sinceMs: number, endedMs: number | null, nowMs: number): number {
  const frameMs = Math.min(Math.max(sinceMs, 0), longestFrameMs);
  const flowing = Math.max((ready * frameMs) / backlogMs, (slowestUnitsPerSecond * frameMs) / 1000);
  if (endedMs === null) return flowing;
  const leftMs = endedMs + endMs - nowMs;
  if (leftMs <= 0) return ready;
  return Math.max(flowing, (ready * frameMs) / (leftMs + frameMs));
}
