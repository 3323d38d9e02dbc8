/**
 * What of an error may be written down. Used by create-logger.ts for every error that is logged.
 *
 * Trust boundary: the words of an error are somebody else's. `JSON.parse` quotes the text, `Headers` the key, PostgreSQL
 * the row, a provider the question. So they stay out, but for errors whose words are ours; what remains says which kind
 * of error it was and where in the code.
 */
import { DatabaseFileError, ProviderError, StoreUnavailableError } from "@typebar/chat";
import { LogError } from "@typebar/log";

export interface ErrorFacts {
  type: string;
  /** Only of errors whose words are our own. */
  message?: string;
  code?: string | number;
  /** Of SQLite: its number of the error, and the sentence that belongs to the number. */
  errcode?: number;
  errstr?: string;
  syscall?: string;
  /** Where in the code, without the words above. */
  stack?: string[];
  cause?: ErrorFacts;
}

const maxDepth = 5;
const maxFrames = 12;
const nameForm = /^[A-Za-z_]{1,40}$/;
/** `ECONNREFUSED`, `ERR_INVALID_ARG_TYPE`, `23505`: a code that comes from elsewhere may be text in disguise. */
const codeForm = /^(?:[A-Z][A-Z0-9_]{1,39}|[0-9A-Z]{5})$/;

export function toErrorFacts(error: unknown): ErrorFacts {
  return toFacts(error, 0);
}

function toFacts(error: unknown, depth: number): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error };
  const [code, errcode, errstr, syscall] = ["code", "errcode", "errstr", "syscall"].map((name) =>
    readField(error, name),
  );
  return {
    type: nameForm.test(error.name) ? error.name : "Error",
    ...(isOurs(error) ? { message: error.message, code: error.code } : isCode(code) && { code }),
    ...(typeof errcode === "number" && typeof errstr === "string" && { errcode, errstr }),
    ...(isCode(syscall) && typeof syscall === "string" && { syscall }),
    stack: toFrames(error),
    ...(error.cause !== undefined && depth < maxDepth && { cause: toFacts(error.cause, depth + 1) }),
  };
}

function readField(error: Error, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value;
}

const ourErrors = [LogError, DatabaseFileError, ProviderError, StoreUnavailableError];

function isOurs(error: Error): error is InstanceType<(typeof ourErrors)[number]> {
  return ourErrors.some((kind) => error instanceof kind);
}

function isCode(value: unknown): value is string | number {
  return typeof value === "number" || (typeof value === "string" && codeForm.test(value));
}

/** The words come first and may look like places themselves. */
function toFrames({ stack = "", message }: Error): string[] {
  const wordsAt = stack.indexOf(message);
  if (wordsAt === -1) return [];
  const lines = stack.slice(wordsAt + message.length).split("\n");
  return lines
    .filter((line) => /^ {4}at .*:\d+:\d+\)?$/.test(line))
    .slice(0, maxFrames)
    .map((line) => line.trim());
}
