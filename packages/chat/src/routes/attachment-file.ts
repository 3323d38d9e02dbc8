/** The bytes and headers of an upload -> a file that is taken, or why it is not. Pure; called by routes/attachments. */
import { ProblemError } from "./problem.ts";

export const maxImageBytes = 10_485_760;
const maxTextBytes = 524_288;
const maxNameChars = 200;

export interface CheckedFile {
  name: string;
  mediaType: string;
}

/** What a file begins with, whatever it is said to be. */
const signatures: readonly { mediaType: string; matches: (bytes: Uint8Array) => boolean }[] = [
  { mediaType: "image/png", matches: (bytes) => begins(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) },
  { mediaType: "image/jpeg", matches: (bytes) => begins(bytes, [0xff, 0xd8, 0xff]) },
  { mediaType: "image/gif", matches: (bytes) => ["GIF87a", "GIF89a"].includes(ascii(bytes, 0, 6)) },
  {
    mediaType: "image/webp",
    matches: (bytes) => ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 12) === "WEBP",
  },
];

export const imageTypes: readonly string[] = signatures.map(({ mediaType }) => mediaType);

function begins(bytes: Uint8Array, start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, index) => bytes[index] === byte);
}

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/** @throws {ProblemError} "bad-request", "unsupported-media-type", "body-too-large". */
export function checkFile(
  bytes: Uint8Array,
  headers: { filename: string | undefined; contentType: string | undefined },
): CheckedFile {
  if (bytes.length === 0) throw new ProblemError("bad-request", { detail: "The file is empty." });
  const mediaType =
    signatures.find(({ matches }) => matches(bytes))?.mediaType ?? checkText(bytes, headers.contentType);
  const name = headers.filename === undefined ? defaultName(mediaType) : toName(headers.filename);
  return { name, mediaType };
}

function checkText(bytes: Uint8Array, contentType: string | undefined): string {
  const declared = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (declared.startsWith("image/") && declared !== "image/svg+xml") {
    throw new ProblemError("unsupported-media-type", { detail: "Images may be PNG, JPEG, WebP or GIF." });
  }
  if (!isText(bytes)) {
    throw new ProblemError("unsupported-media-type", {
      detail: "Only images (PNG, JPEG, WebP, GIF) and texts in UTF-8 can be attached.",
    });
  }
  if (bytes.length > maxTextBytes) {
    throw new ProblemError("body-too-large", { detail: `A text may have at most ${maxTextBytes} bytes.` });
  }
  return "text/plain";
}

function isText(bytes: Uint8Array): boolean {
  // In UTF-8 it is a character, but no text has it.
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function toName(header: string): string {
  let name: string;
  try {
    name = decodeURIComponent(header);
  } catch {
    throw new ProblemError("bad-request", { detail: "Typebar-Filename must be percent-encoded UTF-8." });
  }
  if (name.trim() === "" || name.length > maxNameChars || !/^[^\p{Cc}\p{Cs}/\\]+$/u.test(name)) {
    throw new ProblemError("bad-request", {
      detail: `Typebar-Filename must be 1 to ${maxNameChars} characters without slashes and control characters.`,
    });
  }
  return name;
}

function defaultName(mediaType: string): string {
  return mediaType === "text/plain" ? "file.txt" : `image.${mediaType.slice("image/".length)}`;
}
