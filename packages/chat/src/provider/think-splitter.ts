/** Text of a model that writes its thoughts inline -> thoughts and answer apart. Called by stream-model.ts. */

export interface ThinkPiece {
  type: "text" | "reasoning";
  text: string;
}

export interface ThinkSplitter {
  add(text: string): ThinkPiece[];
  /** What is still held back, at the end of the stream. */
  flush(): ThinkPiece[];
}

const opening = "<think>";
const closing = "</think>";

/**
 * Many open models begin with `<think>…</think>`, which a local server without a reasoning parser passes on as text.
 * Only such a block at the very start counts: later, the tag is something that the answer talks about.
 */
export function createThinkSplitter(): ThinkSplitter {
  // `gap`: the white space between the block and the answer, which belongs to neither.
  let state: "start" | "thinking" | "gap" | "answer" = "start";
  // The end of what came so far, as long as it may be the beginning of a tag.
  let held = "";

  const step = (): ThinkPiece[] => {
    if (state === "start") {
      const text = held.trimStart();
      if (text.length < opening.length && opening.startsWith(text)) return [];
      const opens = text.startsWith(opening);
      state = opens ? "thinking" : "answer";
      if (opens) held = text.slice(opening.length);
      return step();
    }
    if (state === "thinking") {
      const end = held.indexOf(closing);
      const length = end === -1 ? held.length - overlap(held, closing) : end;
      const thought = toPieces("reasoning", held.slice(0, length));
      held = held.slice(length);
      if (end === -1) return thought;
      held = held.slice(closing.length);
      state = "gap";
      return [...thought, ...step()];
    }
    if (state === "gap") held = held.trimStart();
    if (held !== "") state = "answer";
    const text = held;
    held = "";
    return toPieces("text", text);
  };

  return {
    add: (text) => {
      held += text;
      return step();
    },
    flush: () => {
      const text = held;
      held = "";
      return toPieces(state === "thinking" ? "reasoning" : "text", text);
    },
  };
}

function toPieces(type: ThinkPiece["type"], text: string): ThinkPiece[] {
  return text === "" ? [] : [{ type, text }];
}

/** How many characters at the end of `text` are the beginning of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(text.length, tag.length - 1); length > 0; length -= 1) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
