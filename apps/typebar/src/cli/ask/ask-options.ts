/** The command line of `typebar ask` -> what is asked, of whom, and how it is shown. First thing run-ask.ts does. */
import { parseFlags, toMilliseconds } from "../parse-flags.ts";
import { accessFlags, readServerAccess } from "../server-access.ts";
import type { ServerAccess, Surroundings } from "../server-access.ts";

export interface AskOptions extends ServerAccess {
  /** As typed; `-` stands for standard input. */
  words: string[];
  model: string | undefined;
  conversationId: string | undefined;
  json: boolean;
  verbose: boolean;
  /** How long an unreachable server is tried before it has answered. */
  firstWaitMs: number;
  /** How long it is tried after a cut. */
  waitMs: number;
}

export type AskCommand = { type: "ask"; options: AskOptions } | { type: "help"; text: string };

const askHelp = [
  "typebar ask QUESTION…: asks Typebar, and types the answer here.",
  "",
  "The answer goes to standard output and nothing else does; it goes on by itself over cuts and restarts of the server.",
  "Ctrl-C stops the answer, a second one leaves at once. Standard input, where it is a file or a pipe, is asked too,",
  "after the words; `-` says where it stands.",
  "",
  "  --url URL             address of Typebar (TYPEBAR_URL) [http://127.0.0.1:8787]",
  "  --password TEXT       its password (TYPEBAR_PASSWORD)",
  "  --password-file FILE  file that holds it (TYPEBAR_PASSWORD_FILE)",
  "  --model MODEL         model to answer, as provider/model",
  "  --conversation ID     conversation to go on with; without it a new one begins",
  "  --wait SECONDS        how long to try a server that cannot be reached [10 before it answered, 300 after a cut]",
  "  --json                one JSON object a line for each event: id, event, data",
  "  --verbose, -v         also tells, on standard error, of the conversation and of lost connections",
  "  --help                shows this",
  "",
  "Exit codes: 0 complete; 1 failed, refused or not reached; 2 wrong flags; 130 stopped by Ctrl-C; 141 output closed.",
].join("\n");

/** @throws {UsageError} */
export function parseAskOptions(argv: string[], surroundings: Surroundings): AskCommand {
  const flags = parseFlags(argv, {
    ...accessFlags,
    model: { type: "string" },
    conversation: { type: "string" },
    wait: { type: "string" },
    json: { type: "boolean" },
    verbose: { type: "boolean", short: "v" },
    help: { type: "boolean", short: "h" },
  });
  if (flags.isSet("help")) return { type: "help", text: askHelp };
  const waitMs = toMilliseconds(flags, "wait");
  const options: AskOptions = {
    ...readServerAccess(flags, surroundings),
    words: flags.words,
    model: flags.text("model"),
    conversationId: flags.text("conversation"),
    json: flags.isSet("json"),
    verbose: flags.isSet("verbose"),
    firstWaitMs: waitMs ?? 10_000,
    waitMs: waitMs ?? 300_000,
  };
  return { type: "ask", options };
}
