/**
 * Events -> the answer as a person reads it: its text on standard output; reasoning and sources beside it, on a
 * terminal only. Made by run-ask.ts.
 */
import type { IncomingEvent } from "@typebar/client";
import type { Output } from "../output.ts";
import { toChunk } from "./progress.ts";
import { createReplayedText } from "./replayed-text.ts";

export interface AnswerView {
  show: (event: IncomingEvent) => Promise<void>;
  /** The answer is over, or will not be followed further. */
  end: () => Promise<void>;
  /** Whether the server replaced what had been written already. */
  readonly replaced: boolean;
}

export interface TextViewOptions {
  stdout: Output;
  stderr: Output;
  /** Relative addresses of sources begin here. */
  baseUrl: URL;
}

export function createTextView({ stdout, stderr, baseUrl }: TextViewOptions): AnswerView {
  // Of the text: something else was written before it that it must be told apart from.
  let replacedNow = false;
  const text = createReplayedText(() => (replacedNow = true));
  const reasoning = createReplayedText(() => {});
  const sources = new Map<string, string>();

  async function writeText(piece: string): Promise<void> {
    if (replacedNow) {
      replacedNow = false;
      await stdout.endLine();
      await stderr.endLine();
      await stderr.write("The server replaced what stands above. The answer, from its start:\n");
    }
    await stdout.write(piece);
  }

  /** Standard error and standard output are one screen: what goes to one must not begin in a line of the other. */
  async function writeReasoning(piece: string): Promise<void> {
    if (!stderr.isTerminal || piece === "") return;
    if (stdout.isTerminal) await stdout.endLine();
    await stderr.write(piece, "dim");
  }

  async function endReasoning(): Promise<void> {
    if (stderr.isTerminal) await stderr.endLine();
  }

  return {
    async show(event) {
      if (event.event === "reset") {
        text.restart();
        reasoning.restart();
        sources.clear();
        return;
      }
      const chunk = toChunk(event);
      if (chunk?.type === "text-delta") await writeText(text.push(chunk.delta));
      else if (chunk?.type === "reasoning-delta") await writeReasoning(reasoning.push(chunk.delta));
      else if (chunk?.type === "reasoning-end") await endReasoning();
      else if (chunk?.type === "source-url")
        sources.set(chunk.sourceId, `${chunk.title ?? chunk.url}: ${toAddress(chunk.url, baseUrl)}`);
      else if (chunk?.type === "finish") await writeText(text.finish());
    },
    async end() {
      await stderr.endLine();
      await stdout.endLine();
      if (!stderr.isTerminal) return;
      for (const source of sources.values()) await stderr.write(`${source}\n`, "dim");
    },
    get replaced() {
      return text.diverged;
    },
  };
}

function toAddress(url: string, baseUrl: URL): string {
  return URL.canParse(url, baseUrl) ? new URL(url, baseUrl).href : url;
}
