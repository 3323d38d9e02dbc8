/** An event stream read as strictly as PROTOCOL.md writes it: anything else in it is an error. */
import * as v from "valibot";
import type { Chunk } from "../../src/protocol.ts";
import { chunkSchema } from "./wire-schema.ts";

export type Block = { id: string } & (
  | { event: "chunk"; chunk: Chunk }
  | { event: "reset"; reason: string }
  | { event: "close" }
);

const eventId = /^[A-Za-z0-9_-]{20}:(0|[1-9]\d*)\.(0|[1-9]\d*)$/;

/** One block without its blank line. */
export function parseBlock(text: string): Block {
  const lines = text.split("\n").filter((line) => !line.startsWith(":") && !line.startsWith("retry: "));
  const id = lines.at(-1)?.replace(/^id: /, "") ?? "";
  if (!eventId.test(id)) throw new Error(`the ID is not the last line: ${text}`);
  const [first = "", second = ""] = lines;
  if (lines.length === 2 && first.startsWith("data: {")) {
    return { event: "chunk", chunk: v.parse(chunkSchema, JSON.parse(first.slice(6))) as Chunk, id };
  }
  if (lines.length === 3 && first === "event: close" && second === "data: [DONE]") return { event: "close", id };
  const reset = /^data: \{"reason":"(expired|diverged)"\}$/.exec(second);
  if (lines.length === 3 && first === "event: reset" && reset?.[1]) return { event: "reset", reason: reset[1], id };
  throw new Error(`not a block of the protocol: ${text}`);
}

export const chunksOf = (blocks: readonly Block[]): Chunk[] =>
  blocks.flatMap((block) => (block.event === "chunk" ? [block.chunk] : []));

/** The text or the reasoning that blocks hold, joined. */
export function textOf(blocks: readonly Block[], type: "text-delta" | "reasoning-delta" = "text-delta"): string {
  return chunksOf(blocks)
    .map((chunk) => (chunk.type === type ? chunk.delta : ""))
    .join("");
}

export const typesOf = (blocks: readonly Block[]): string[] =>
  blocks.map((block) => (block.event === "chunk" ? block.chunk.type : block.event));

/** The metadata before the terminal chunk. */
export function endOf(blocks: readonly Block[]): Extract<Chunk, { type: "message-metadata" }>["messageMetadata"] {
  const found = chunksOf(blocks).find((chunk) => chunk.type === "message-metadata");
  if (!found) throw new Error(`the answer has no end: ${typesOf(blocks).join(" ")}`);
  return found.messageMetadata;
}

/** What PROTOCOL.md says of every whole answer. */
export function checkWhole(blocks: readonly Block[]): void {
  const types = typesOf(blocks);
  const terminal = types.filter((type) => ["finish", "abort", "error"].includes(type));
  const open = new Set<string>();
  for (const chunk of chunksOf(blocks)) {
    if (chunk.type === "text-start" || chunk.type === "reasoning-start") open.add(chunk.id);
    if (chunk.type === "text-end" || chunk.type === "reasoning-end") open.delete(chunk.id);
    if ((chunk.type === "text-delta" || chunk.type === "reasoning-delta") && !open.has(chunk.id)) {
      throw new Error(`a delta of the part ${chunk.id}, which is not open`);
    }
    if (chunk.type === "message-metadata" && open.size > 0) throw new Error("a part is open at the end");
  }
  const states = { finish: ["completed"], abort: ["stopped"], error: ["failed", "interrupted"] };
  const { state, code } = endOf(blocks);
  const right =
    types[0] === "start" &&
    types.filter((type) => type === "start").length === 1 &&
    terminal.length === 1 &&
    types.slice(-3).join() === ["message-metadata", terminal[0], "close"].join() &&
    states[terminal[0] as keyof typeof states].includes(state) &&
    (code !== undefined) === (terminal[0] === "error") &&
    new Set(blocks.map(({ id }) => id)).size === blocks.length;
  if (!right) throw new Error(`not a whole answer: ${types.join(" ")} ${state} ${code ?? ""}`);
}
