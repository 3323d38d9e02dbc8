/** The cases as data: event-streams.json, with what deviations.json declares. Read by the runners beside this file. */
import { readFileSync } from "node:fs";

export interface ExpectedEvent {
  type: string;
  data: string;
  lastEventId: string;
}

export interface Expectation {
  /** In the order of dispatch. */
  events: ExpectedEvent[];
  /** Every accepted reconnection time, in milliseconds. */
  retry: number[];
  /** At the end of the stream. */
  lastEventId: string;
}

export interface StreamCase {
  id: string;
  input: Buffer;
  /** Byte offsets at which a new chunk starts. */
  splits: number[];
  expect: Expectation;
  /** Needs an empty chunk, which HTTP cannot carry. */
  parserOnly: boolean;
}

export interface ReconnectCase {
  id: string;
  /** Body of each response, one after the other; then 204. */
  streams: Buffer[];
  expect: {
    events: ExpectedEvent[];
    /** `Last-Event-ID` of each request. */
    sent: (string | null)[];
  };
}

interface CorpusFile {
  cases: {
    id: string;
    input: string;
    splits: number[];
    expect: Expectation;
    parserOnly?: boolean;
    ambiguous?: string;
  }[];
  reconnect: { id: string; streams: string[]; expect: ReconnectCase["expect"] }[];
}

interface DeviationsFile {
  deviations: { id: string; expect: Partial<Expectation>; reason: string }[];
}

/** @throws {Error} If a deviation names a case that is missing, or that the standard does not leave open. */
export function readCorpus(): { cases: StreamCase[]; reconnect: ReconnectCase[] } {
  const corpus = readJson("event-streams.json") as CorpusFile;
  const { deviations } = readJson("deviations.json") as DeviationsFile;
  for (const { id } of deviations) {
    if (corpus.cases.find((one) => one.id === id)?.ambiguous === undefined) {
      throw new Error(`A deviation is declared for "${id}", which is no ambiguous case`);
    }
  }
  return {
    cases: corpus.cases.map(({ id, input, splits, expect, parserOnly = false }) => ({
      id,
      input: Buffer.from(input, "base64"),
      splits,
      expect: { ...expect, ...deviations.find((one) => one.id === id)?.expect },
      parserOnly,
    })),
    reconnect: corpus.reconnect.map(({ id, streams, expect }) => ({
      id,
      streams: streams.map((stream) => Buffer.from(stream, "base64")),
      expect,
    })),
  };
}

/** The chunks of a body that is cut at the given offsets. */
export function cut(bytes: Uint8Array, offsets: number[]): Uint8Array[] {
  return [0, ...offsets].map((start, index) => bytes.subarray(start, offsets[index] ?? bytes.length));
}

function readJson(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`cases/${name}`, import.meta.url), "utf8"));
}
