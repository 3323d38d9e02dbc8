/** The files of the next question: what becomes of each, and what may be done with it. */
import { ChatError } from "@typebar/chat-client";
import type { Attachment, UploadOptions } from "@typebar/chat-client";
import { describe, expect, it } from "vitest";
import { createAttachmentDrafts } from "../../src/page/attachment-drafts.ts";
import type { AttachmentDrafts } from "../../src/page/attachment-drafts.ts";
import { toFileSize } from "../../src/page/file-size.ts";

interface Upload {
  file: File;
  options: Required<UploadOptions>;
  end(result: Attachment | Error): Promise<void>;
}

function begin(): { drafts: AttachmentDrafts; uploads: Upload[] } {
  const uploads: Upload[] = [];
  const drafts = createAttachmentDrafts((file, options) => {
    const { promise, resolve, reject } = Promise.withResolvers<Attachment>();
    const end = async (result: Attachment | Error): Promise<void> => {
      if (result instanceof Error) reject(result);
      else resolve(result);
      await promise.catch(() => undefined);
      await Promise.resolve();
    };
    uploads.push({ file, options, end });
    return promise;
  });
  return { drafts, uploads };
}

const text = (name: string, bytes = 3): File => new File([new Uint8Array(bytes)], name, { type: "text/plain" });
const stored = (name: string): Attachment => ({ id: `id-${name}`, name, mediaType: "text/plain", bytes: 3 });
const statuses = (drafts: AttachmentDrafts): string[] => drafts.files.value.map(({ status }) => status.type);

describe("a file of the next question", () => {
  it("is sent at once, says how far it is, and is ready when the server has it", async () => {
    const { drafts, uploads } = begin();
    drafts.add([text("a")]);
    expect(drafts.files.value[0]?.status).toEqual({ type: "sending", sentBytes: null });
    uploads[0]?.options.onProgress(2);
    expect(drafts.files.value[0]?.status).toEqual({ type: "sending", sentBytes: 2 });
    expect(drafts.ready.value).toBe(false);
    await uploads[0]?.end(stored("a"));
    expect(drafts.ready.value).toBe(true);
    expect(drafts.take()).toEqual([stored("a")]);
    expect(drafts.files.value).toEqual([]);
    drafts.giveBack();
    expect(statuses(drafts)).toEqual(["ready"]);
  });

  it("stays when it did not reach the server, holds the question back, and goes at the second attempt", async () => {
    const { drafts, uploads } = begin();
    drafts.add([text("a"), text("b")]);
    await uploads[0]?.end(new ChatError("network", "gone"));
    await uploads[1]?.end(stored("b"));
    expect(statuses(drafts)).toEqual(["failed", "ready"]);
    expect(drafts.problem.value).toBeNull();
    expect(drafts.ready.value).toBe(false);
    drafts.tryAgain(drafts.files.value[1]?.key ?? 0);
    expect(uploads).toHaveLength(2);
    drafts.tryAgain(drafts.files.value[0]?.key ?? 0);
    expect(uploads[2]?.file.name).toBe("a");
    await uploads[2]?.end(stored("a"));
    expect(drafts.take().map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("is not sent on once it was removed", async () => {
    const { drafts, uploads } = begin();
    drafts.add([text("a")]);
    drafts.remove(drafts.files.value[0]?.key ?? 0);
    expect(uploads[0]?.options.signal.aborted).toBe(true);
    uploads[0]?.options.onProgress(3);
    await uploads[0]?.end(new Error("aborted"));
    expect(drafts.files.value).toEqual([]);
    expect(drafts.problem.value).toBeNull();
  });

  it("is left out, with the reason, if the server will never take it", async () => {
    const { drafts, uploads } = begin();
    drafts.add([text("a"), text("b")]);
    await uploads[0]?.end(new ChatError("unsupported-media-type", "no"));
    expect(drafts.problem.value).toEqual({ kind: "kind", name: "a" });
    await uploads[1]?.end(new ChatError("body-too-large", "no"));
    expect(drafts.problem.value).toEqual({ kind: "tooLarge", name: "b" });
    expect(drafts.files.value).toEqual([]);
  });

  it("is not sent at all if it is larger than anything that is taken, or the eleventh", () => {
    const { drafts, uploads } = begin();
    drafts.add([text("large", 10_485_761), text("fits", 10_485_760)]);
    expect(drafts.problem.value).toEqual({ kind: "tooLarge", name: "large" });
    expect(uploads.map(({ file }) => file.name)).toEqual(["fits"]);
    drafts.add(Array.from({ length: 10 }, (_, index) => text(String(index))));
    expect(drafts.problem.value).toEqual({ kind: "tooMany", name: "9" });
    expect(uploads).toHaveLength(10);
  });
});

it("a size is said in the words of its language", () => {
  const sizes = [0, 999, 1000, 512_000, 999_999, 1_000_000, 10_485_760];
  expect(sizes.map((bytes) => toFileSize(bytes, "en"))).toEqual([
    "0 bytes",
    "999 bytes",
    "1 kB",
    "512 kB",
    "1,000 kB",
    "1 MB",
    "10.5 MB",
  ]);
  expect(toFileSize(1_500_000, "zh")).toBe("1.5 MB");
});
