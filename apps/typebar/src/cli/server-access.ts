/** Which Typebar is meant, and what lets us in. Read from flags, else from the environment, by both commands. */
import { UsageError } from "./parse-flags.ts";
import type { ParsedFlags } from "./parse-flags.ts";

const defaultUrl = "http://127.0.0.1:8787";

export interface ServerAccess {
  /** Its path ends in a slash. */
  baseUrl: URL;
  password: string | undefined;
}

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  /** Reads UTF-8 text; throws as `readFileSync` does. */
  readFile: (path: string) => string;
}

export const accessFlags: Readonly<Record<"url" | "password" | "password-file", { readonly type: "string" }>> = {
  url: { type: "string" },
  password: { type: "string" },
  "password-file": { type: "string" },
};

/** @throws {UsageError} */
export function readServerAccess(flags: ParsedFlags, { env, readFile }: Surroundings): ServerAccess {
  const fromEnvironment = (name: string): string | undefined => env[name] || undefined;
  return {
    baseUrl: toBaseUrl(flags.text("url") ?? fromEnvironment("TYPEBAR_URL") ?? defaultUrl),
    password:
      readPassword("--password", flags.text("password"), flags.text("password-file"), readFile) ??
      readPassword(
        "TYPEBAR_PASSWORD",
        fromEnvironment("TYPEBAR_PASSWORD"),
        fromEnvironment("TYPEBAR_PASSWORD_FILE"),
        readFile,
      ),
  };
}

/** What the server wants to see of a password: its UTF-8 bytes; `fetch` takes header bytes as one character each. */
export function toAccessHeaders(password: string | undefined): Record<string, string> {
  return password === undefined ? {} : { Authorization: `Bearer ${Buffer.from(password).toString("latin1")}` };
}

function toBaseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/u.test(url.protocol) || url.username !== "" || url.password !== "")
    throw new UsageError(`The address ${JSON.stringify(text)} must be one such as ${defaultUrl}`);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function readPassword(
  label: string,
  given: string | undefined,
  path: string | undefined,
  readFile: Surroundings["readFile"],
): string | undefined {
  if (given !== undefined && path !== undefined)
    throw new UsageError(`${label} and its file are both given; give one of them`);
  const password = path === undefined ? given : readPasswordFile(path, readFile);
  if (password !== undefined && !/^\P{Cc}+$/u.test(password))
    throw new UsageError(`${label} must be text without control characters`);
  return password;
}

function readPasswordFile(path: string, readFile: Surroundings["readFile"]): string {
  try {
    return readFile(path).replace(/\r?\n$/u, "");
  } catch (cause) {
    throw new UsageError(`The password's file ${JSON.stringify(path)} cannot be read`, { cause });
  }
}
