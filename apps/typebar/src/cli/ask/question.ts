/** Words of the command line and standard input -> the question. Called by run-ask.ts. */
import { fstatSync } from "node:fs";
import type { ReadStream } from "node:tty";
import { UsageError } from "../parse-flags.ts";

/** More than any question may have; the server says so politely. */
const maxBytes = 4_000_000;
/** Then a person who did not mean to be waited for is told what is going on. */
const patienceMs = 2000;

export interface QuestionInput {
  words: readonly string[];
  stdin: ReadStream;
  /** Shows one sentence. */
  tell: (sentence: string) => void;
}

/** @throws {UsageError} If there is no question. */
export async function readQuestion({ words, stdin, tell }: QuestionInput): Promise<string> {
  const given = words.includes("-") || words.length === 0 ? await readInput() : await readAttached();
  const question = joinQuestion(words, given);
  if (question.trim() === "") throw new UsageError('There is no question; ask one: typebar ask "…"');
  return question;

  /** With a question in words, only what somebody put there on purpose: not a terminal, a socket or /dev/null. */
  async function readAttached(): Promise<string> {
    const status = fstatSync(0);
    return status.isFIFO() || status.isFile() ? readInput() : "";
  }

  async function readInput(): Promise<string> {
    if (stdin.isTTY && words.length === 0) tell("Type the question, then Ctrl-D.");
    const reminder = setTimeout(() => {
      if (!stdin.isTTY) tell("Waiting for the end of standard input; without it: typebar ask … </dev/null");
    }, patienceMs);
    try {
      return await readText(stdin);
    } finally {
      clearTimeout(reminder);
    }
  }
}

/** Pure: where the words name no place for it, standard input stands below them. */
export function joinQuestion(words: readonly string[], input: string): string {
  const text = input.replace(/\r?\n$/u, "");
  if (!words.includes("-")) return [words.join(" "), text].filter((part) => part !== "").join("\n\n");
  const groups: string[][] = [[]];
  for (const word of words) {
    if (word === "-") groups.push([]);
    else groups.at(-1)?.push(word);
  }
  return groups
    .flatMap((group, index) => (index === 0 ? [group.join(" ")] : [text, group.join(" ")]))
    .filter((part) => part !== "")
    .join("\n\n");
}

async function readText(stdin: ReadStream): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of stdin as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > maxBytes) throw new UsageError("Standard input is too long for a question");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces));
  } catch (cause) {
    throw new UsageError("Standard input is no text in UTF-8", { cause });
  }
}
