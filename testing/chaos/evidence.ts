/** What a chaos run leaves behind, as the checker wants it: nothing but data. Made by collect.ts, judged by verdict.ts. */
import type { Followed } from "./follower.ts";
import type { EpochWriters } from "./writers.ts";

export interface LogEntry {
  epoch: number;
  seq: number;
  /** JSON of a chunk. */
  payload: string;
}

/** A generation as PostgreSQL has it, with its question and answer. */
export interface StoredState {
  generationId: string;
  /** The user's message that is answered. */
  message: string;
  state: string;
  code: string | undefined;
  takeovers: number;
  text: string;
}

export interface GenerationEvidence {
  message: string;
  model: string;
  generationId: string;
  /** What the model would say. */
  answer: string;
  reasoning: string;
  isStopAsked: boolean;
  /** It began the answer anew after so few characters that nobody can tell: its text may be anything. */
  isAmbiguous: boolean;
  followers: readonly Followed[];
  /** From Redis; empty if there is no log. */
  log: readonly LogEntry[];
  /** The same, by one who comes when all is over. */
  late: Followed;
  /** Every generation that was stored for this question; there must be one. */
  stored: readonly StoredState[];
  writers: readonly EpochWriters[];
}

export interface Evidence {
  generations: readonly GenerationEvidence[];
  /** Redis came back with less than it had acknowledged. */
  hasLostData: boolean;
  hasBrokenModel: boolean;
  hasBrokenStore: boolean;
  modelViolations: readonly string[];
  /** How many answers each node went on with. */
  takeovers: Readonly<Record<string, number>>;
}
