/** The events that one consumer was given, over all its connections -> what is to be said of them. */
import type { Chunk } from "@typebar/chat/protocol";
import type { WireEvent } from "./blocks.ts";

/** Everything that can be right or wrong with an answer as it was received; tests compare it as a whole. */
export interface Verdict {
  text: string;
  /** IDs that came twice. */
  repeatedIds: string[];
  starts: number;
  /** Types of the terminal chunks, in order. */
  terminals: string[];
  closes: number;
  /** Sentences: events out of order, parts used before they are open or after they are closed, blocks without an ID. */
  disorder: string[];
  state: string | undefined;
  code: string | undefined;
}

/** The verdict on a whole answer without a fault. */
export function wholeAnswer(text: string): Verdict {
  return {
    text,
    repeatedIds: [],
    starts: 1,
    terminals: ["finish"],
    closes: 1,
    disorder: [],
    state: "completed",
    code: undefined,
  };
}

export function judge(events: readonly WireEvent[]): Verdict {
  const chunks = readChunks(events);
  const end = chunks.find((chunk) => chunk.type === "message-metadata")?.messageMetadata;
  const ids = events.flatMap(({ id }) => (id === undefined ? [] : [id]));
  return {
    text: chunks.map((chunk) => (chunk.type === "text-delta" ? chunk.delta : "")).join(""),
    repeatedIds: ids.filter((id, index) => ids.indexOf(id) !== index),
    starts: chunks.filter(({ type }) => type === "start").length,
    terminals: chunks.map(({ type }) => type).filter((type) => isTerminal(type)),
    closes: events.filter(({ event }) => event === "close").length,
    disorder: [...findEventDisorder(events), ...findPartDisorder(chunks)],
    state: end?.state,
    code: end?.code,
  };
}

/** The text of each reasoning part, in order. */
export function reasoningParts(events: readonly WireEvent[]): string[] {
  const parts = new Map<string, string>();
  for (const chunk of readChunks(events)) {
    if (chunk.type === "reasoning-start") parts.set(chunk.id, "");
    if (chunk.type === "reasoning-delta") parts.set(chunk.id, (parts.get(chunk.id) ?? "") + chunk.delta);
  }
  return [...parts.values()];
}

function readChunks(events: readonly WireEvent[]): Chunk[] {
  return events.filter(({ event }) => event === "message").map(({ data }): Chunk => JSON.parse(data));
}

function isTerminal(type: Chunk["type"]): boolean {
  return type === "finish" || type === "abort" || type === "error";
}

function findEventDisorder(events: readonly WireEvent[]): string[] {
  const found: string[] = [];
  let lastSeq = 0;
  for (const [index, { event, id, data }] of events.entries()) {
    const seq = Number(id?.split(".").at(-1));
    if (!(seq > lastSeq)) found.push(`the ID ${id} comes after seq ${lastSeq}`);
    else lastSeq = seq;
    if (event !== "message" && event !== "close") found.push(`an event ${event}: ${data}`);
    if (event === "close" && index !== events.length - 1) found.push("something comes after close");
  }
  return found;
}

function findPartDisorder(chunks: readonly Chunk[]): string[] {
  const found: string[] = [];
  const known = new Set<string>();
  const open = new Set<string>();
  for (const [index, chunk] of chunks.entries()) {
    const name = "id" in chunk ? `${chunk.type.split("-")[0]} ${chunk.id}` : "";
    if ((chunk.type === "start") !== (index === 0)) found.push(`${chunk.type} is chunk ${index}`);
    if (chunk.type === "text-start" || chunk.type === "reasoning-start") {
      if (known.has(name)) found.push(`${name} was opened twice`);
      known.add(name);
      open.add(name);
    } else if (name !== "" && !open.has(name)) {
      found.push(`${chunk.type} of ${name}, which is not open`);
    }
    if (chunk.type === "text-end" || chunk.type === "reasoning-end") open.delete(name);
    if (isTerminal(chunk.type)) {
      if (open.size > 0) found.push(`${chunk.type} while ${[...open].join()} is open`);
      if (index !== chunks.length - 1) found.push(`something comes after ${chunk.type}`);
      if (chunks[index - 1]?.type !== "message-metadata") found.push(`no metadata before ${chunk.type}`);
    }
  }
  return found;
}
