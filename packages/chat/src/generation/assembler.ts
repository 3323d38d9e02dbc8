/** What a provider says -> chunks of one answer. Called by generation/produce. */
import type { ProviderPart } from "../provider/provider.ts";
import type { Chunk, EndMetadata } from "../protocol.ts";
import type { Answer } from "./answer.ts";
import type { StoredChunk } from "./records.ts";
import { splitText } from "./split-text.ts";
import { createToolAssembler } from "./tool-assembler.ts";

export interface Assembler {
  /** The chunks that one part of the provider's speech adds. */
  add(part: Exclude<ProviderPart, { type: "finish" }>): Chunk[];
  /** The chunks that end the answer: closes what is open, then metadata, terminal chunk, close. */
  end(metadata: EndMetadata, errorText?: string): StoredChunk[];
}

/** Goes on from `answer`: an open text part is continued under its ID, open reasoning is closed and begun anew. */
export function createAssembler(answer: Answer): Assembler {
  let { open, textParts, reasoningParts } = answer;
  let reasoningIsStale = open?.type === "reasoning";
  const sourceIds = new Set(answer.parts.flatMap((part) => (part.type === "source-url" ? [part.sourceId] : [])));
  const tools = createToolAssembler(answer.openTools);
  /** First half of a surrogate pair whose second half is still to come: stored text is always well-formed. */
  let heldHalf = "";

  function closeOpen(): Chunk[] {
    if (!open) return [];
    const { type, id } = open;
    const chunks: Chunk[] = heldHalf === "" ? [] : [{ type: `${type}-delta`, id, delta: "\uFFFD" }];
    heldHalf = "";
    open = undefined;
    return [...chunks, { type: `${type}-end`, id }];
  }

  function addText(type: "text" | "reasoning", text: string): Chunk[] {
    if (text === "") return [];
    const chunks: Chunk[] = [];
    if (open?.type !== type || (type === "reasoning" && reasoningIsStale)) {
      chunks.push(...closeOpen());
      const id = type === "text" ? `t${textParts++}` : `r${reasoningParts++}`;
      open = { type, id };
      chunks.push({ type: `${type}-start`, id });
    }
    reasoningIsStale = false;
    let delta = heldHalf + text;
    heldHalf = "";
    const last = delta.charCodeAt(delta.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      heldHalf = delta.slice(-1);
      delta = delta.slice(0, -1);
    }
    for (const piece of splitText(delta.toWellFormed()))
      chunks.push({ type: `${type}-delta`, id: open.id, delta: piece });
    return chunks;
  }

  return {
    add(part) {
      switch (part.type) {
        case "text":
        case "reasoning":
          return addText(part.type, part.text);
        case "source": {
          if (sourceIds.has(part.sourceId)) return [];
          sourceIds.add(part.sourceId);
          const { sourceId, url, title } = part;
          return [{ type: "source-url", sourceId, url, ...(title !== undefined && { title }) }];
        }
        case "tool-input-start":
        case "tool-input-delta":
        case "tool-call":
          return [...closeOpen(), ...tools.add(part)];
      }
    },
    end(metadata, errorText = "") {
      const terminal: Chunk =
        metadata.state === "completed"
          ? { type: "finish" }
          : metadata.state === "stopped"
            ? { type: "abort" }
            : { type: "error", errorText };
      return [
        ...closeOpen(),
        ...tools.end(),
        { type: "message-metadata", messageMetadata: metadata },
        terminal,
        { type: "close" },
      ];
    },
  };
}
