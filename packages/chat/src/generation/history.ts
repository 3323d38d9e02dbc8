/** The stored messages before an answer -> what the provider is told, files included. Called by generation/generations. */
import type { MessageRow } from "../store/rows.ts";
import { toParts } from "../store/rows.ts";
import type { FilePart } from "../protocol.ts";
import type { ProviderImage, ProviderMessage } from "../provider/provider.ts";
import { attachmentIdOf } from "../store/attachments.ts";
import { textOf } from "./answer.ts";

/** So much of images goes along with one question, the newest first; of older ones only the names. Providers take no more. */
const maxPromptImageBytes = 20_971_520;

export interface HistoryOptions {
  /** Whether the model can be shown images; of others only the names are told. */
  images: boolean;
  readFile: (id: string) => Promise<Uint8Array | undefined>;
}

export async function toHistory(
  rows: readonly Pick<MessageRow, "role" | "parts">[],
  { images, readFile }: HistoryOptions,
): Promise<ProviderMessage[]> {
  const messages: ProviderMessage[] = [];
  let imageBytes = 0;
  for (const { role, parts: json } of rows.toReversed()) {
    const parts = toParts(json);
    const shown: ProviderImage[] = [];
    const texts: string[] = [];
    for (const part of parts) {
      if (part.type !== "file") continue;
      const isImage = part.mediaType.startsWith("image/");
      const data = isImage && !images ? undefined : await readFile(attachmentIdOf(part.url) ?? "");
      if (data && !isImage) {
        texts.push(toText(part, data));
      } else if (data && imageBytes + data.length <= maxPromptImageBytes) {
        imageBytes += data.length;
        shown.push({ mediaType: part.mediaType, data });
      } else {
        texts.push(`[${isImage ? "Image" : "File"}: ${part.filename}]`);
      }
    }
    const text = [...texts, textOf(parts)].filter((one) => one !== "").join("\n\n");
    if (text === "" && shown.length === 0) continue;
    messages.push(role === "user" && shown.length > 0 ? { role, text, images: shown } : { role, text });
  }
  return messages.toReversed();
}

/** Fenced by more backticks than stand in it, so that it ends where it ends. */
function toText({ filename }: FilePart, data: Uint8Array): string {
  const text = new TextDecoder().decode(data);
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/gu), ([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `File ${filename}:\n${fence}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}
