/** What a request brings to be let in by: a password or a key. Read by password-gate.ts and access.ts. */
import type { IncomingHttpHeaders } from "node:http";

/** Node reads header bytes as Latin-1; taken back to bytes, a password in any script compares as UTF-8. */
export function credentialOf(headers: IncomingHttpHeaders): Uint8Array | undefined {
  const bearer = /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1];
  const token = headers["token"];
  const text = bearer ?? (Array.isArray(token) ? token[0] : token);
  return text === undefined ? undefined : Buffer.from(text, "latin1");
}
