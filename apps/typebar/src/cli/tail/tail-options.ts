/** The command line of `typebar tail` -> which stream is followed, and how it is shown. First thing run-tail.ts does. */
import { parseFlags, toMilliseconds, UsageError } from "../parse-flags.ts";
import { accessFlags, readServerAccess, toAccessHeaders } from "../server-access.ts";
import type { Surroundings } from "../server-access.ts";

export interface TailOptions {
  url: URL;
  headers: [string, string][];
  lastEventId: string;
  silenceMs: number;
  json: boolean;
}

export type TailCommand = { type: "tail"; options: TailOptions } | { type: "help"; text: string };

const tailHelp = [
  "typebar tail URL: follows any event stream, and prints each event with its time, ID, name and data.",
  "",
  "It reconnects by itself and goes on after the last event. What happens to the connection is told on standard error.",
  "A URL without a host, such as /api/generations/ID/events, is one of Typebar's.",
  "",
  "  -H, --header 'NAME: VALUE'  sends a header; may be given more than once",
  "  --last-event-id ID          goes on after this event",
  "  --silence SECONDS           reconnects after that long without a byte [90]; 0: never",
  "  --json                      one JSON object a line for each event: time, id, event, data",
  "  --url URL                   address of Typebar (TYPEBAR_URL) [http://127.0.0.1:8787]",
  "  --password TEXT             its password (TYPEBAR_PASSWORD); sent to no other server",
  "  --password-file FILE        file that holds it (TYPEBAR_PASSWORD_FILE)",
  "  --help                      shows this",
  "",
  "Exit codes: 0 the server says there is nothing more (204); 1 refused; 2 wrong flags; 130 Ctrl-C; 141 output closed.",
].join("\n");

/** @throws {UsageError} */
export function parseTailOptions(argv: string[], surroundings: Surroundings): TailCommand {
  const flags = parseFlags(argv, {
    ...accessFlags,
    header: { type: "string", short: "H", multiple: true },
    "last-event-id": { type: "string" },
    silence: { type: "string" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (flags.isSet("help")) return { type: "help", text: tailHelp };
  const [address, ...more] = flags.words;
  if (address === undefined || more.length > 0) throw new UsageError("Give one address to follow");
  const { baseUrl, password } = readServerAccess(flags, surroundings);
  const url = toUrl(address, baseUrl);
  const options: TailOptions = {
    url,
    // Trust boundary: the password is Typebar's, and whatever else is followed must not learn it.
    headers: [
      ...Object.entries(url.origin === baseUrl.origin ? toAccessHeaders(password) : {}),
      ...flags.texts("header").map(toHeader),
    ],
    lastEventId: flags.text("last-event-id") ?? "",
    silenceMs: (toMilliseconds(flags, "silence") ?? 90_000) || Infinity,
    json: flags.isSet("json"),
  };
  return { type: "tail", options };
}

function toUrl(address: string, baseUrl: URL): URL {
  // Below Typebar's own path, where a proxy gives it one.
  const relative = address.replace(/^\/(?!\/)/u, "");
  const url = URL.canParse(relative, baseUrl) ? new URL(relative, baseUrl) : undefined;
  if (url === undefined || !/^https?:$/u.test(url.protocol) || url.username !== "" || url.password !== "")
    throw new UsageError(`${JSON.stringify(address)} is no address of an event stream`);
  return url;
}

function toHeader(text: string): [string, string] {
  const [, name = "", value = ""] = /^([^:\s]+):\s*(.*?)\s*$/u.exec(text) ?? [];
  try {
    return [...new Headers([[name, value]])][0] ?? [name, value];
  } catch (cause) {
    throw new UsageError(`${JSON.stringify(text)} is no header; it must be NAME: VALUE`, { cause });
  }
}
