/** Standard output or standard error, as both commands write to it. */
import type { WriteStream } from "node:tty";
import { createTextFilter } from "./terminal-text.ts";

/** Whoever read the output went away. */
export class OutputClosed extends Error {}

export interface Output {
  readonly isTerminal: boolean;
  /** @throws {OutputClosed} */
  write: (text: string, style?: "dim") => Promise<void>;
  /** Ends a line that was begun; otherwise does nothing. */
  endLine: () => Promise<void>;
}

export function createOutput(stream: WriteStream): Output {
  // Files and pipes have neither.
  const { isTTY: isTerminal = false } = stream as Partial<WriteStream>;
  const canDim = isTerminal && stream.hasColors();
  const filter = createTextFilter(isTerminal);
  let atLineStart = true;
  // Told to whoever writes, below; without a listener it would end the program with a stack.
  stream.on("error", () => {});

  function send(text: string, style?: "dim"): Promise<void> {
    if (text === "") return Promise.resolve();
    atLineStart = text.endsWith("\n");
    return new Promise((resolve, reject) => {
      stream.write(style === "dim" && canDim ? `\u001B[2m${text}\u001B[22m` : text, (error) => {
        if (error) reject(new OutputClosed("The output is closed", { cause: error }));
        else resolve();
      });
    });
  }

  return {
    isTerminal,
    write: (text, style) => send(filter.push(text), style),
    async endLine() {
      await send(filter.flush());
      if (!atLineStart) await send("\n");
    },
  };
}
