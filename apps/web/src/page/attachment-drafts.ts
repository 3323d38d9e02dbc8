/** The files that the next question will bring along: sent as soon as they are chosen. Used by components/ComposerBox.vue. */
import { ChatError } from "@typebar/chat-client";
import type { Attachment, UploadOptions } from "@typebar/chat-client";
import { computed, shallowRef } from "vue";
import type { ComputedRef, ShallowRef } from "vue";

/** As the server counts: PROTOCOL.md. */
const mostFiles = 10;
/** Of an image; a text may have less, which the server tells. */
const maxFileBytes = 10_485_760;

/** Why a file does not go along; a name in the page's texts. */
type FileProblem = "tooMany" | "tooLarge" | "kind";

export type AttachmentStatus =
  /** `sentBytes` is `null` as long as the browser has told nothing. */
  | { type: "sending"; sentBytes: number | null }
  | { type: "ready"; attachment: Attachment }
  /** It did not reach the server, or the server had a reason of its own: it can be tried again. */
  | { type: "failed" };

export interface AttachmentDraft {
  readonly key: number;
  readonly file: File;
  readonly status: AttachmentStatus;
}

export interface AttachmentDrafts {
  readonly files: ShallowRef<readonly AttachmentDraft[]>;
  readonly problem: ShallowRef<{ kind: FileProblem; name: string } | null>;
  /** The server has all of them. */
  readonly ready: ComputedRef<boolean>;
  readonly hasImage: ComputedRef<boolean>;
  add(files: Iterable<File>): void;
  /** Also while it is being sent. */
  remove(key: number): void;
  tryAgain(key: number): void;
  /** Empties the list, and gives what it held. */
  take(): Attachment[];
  /** What was taken last, and was not accepted. */
  giveBack(): void;
}

export function createAttachmentDrafts(
  upload: (file: File, options: Required<UploadOptions>) => Promise<Attachment>,
): AttachmentDrafts {
  const files = shallowRef<readonly AttachmentDraft[]>([]);
  const problem = shallowRef<{ kind: FileProblem; name: string } | null>(null);
  const aborts = new Map<number, AbortController>();
  let taken: readonly AttachmentDraft[] = [];
  let made = 0;

  function setStatus(key: number, status: AttachmentStatus): void {
    files.value = files.value.map((draft) => (draft.key === key ? { ...draft, status } : draft));
  }

  async function send(key: number, file: File): Promise<void> {
    const abort = new AbortController();
    aborts.set(key, abort);
    try {
      const attachment = await upload(file, {
        signal: abort.signal,
        onProgress: (sentBytes) => setStatus(key, { type: "sending", sentBytes }),
      });
      setStatus(key, { type: "ready", attachment });
    } catch (error) {
      if (abort.signal.aborted) return;
      const kind = toProblem(error);
      if (kind === null) {
        setStatus(key, { type: "failed" });
        return;
      }
      files.value = files.value.filter((draft) => draft.key !== key);
      problem.value = { kind, name: file.name };
    } finally {
      aborts.delete(key);
    }
  }

  return {
    files,
    problem,
    ready: computed(() => files.value.every(({ status }) => status.type === "ready")),
    hasImage: computed(() =>
      files.value.some(({ status }) => status.type === "ready" && status.attachment.mediaType.startsWith("image/")),
    ),
    add(chosen) {
      problem.value = null;
      for (const file of chosen) {
        if (files.value.length >= mostFiles) {
          problem.value = { kind: "tooMany", name: file.name };
          return;
        }
        if (file.size > maxFileBytes) {
          problem.value = { kind: "tooLarge", name: file.name };
          continue;
        }
        made += 1;
        files.value = [...files.value, { key: made, file, status: { type: "sending", sentBytes: null } }];
        void send(made, file);
      }
    },
    remove(key) {
      aborts.get(key)?.abort();
      problem.value = null;
      files.value = files.value.filter((draft) => draft.key !== key);
    },
    tryAgain(key) {
      const draft = files.value.find((one) => one.key === key);
      if (draft?.status.type !== "failed") return;
      setStatus(key, { type: "sending", sentBytes: null });
      void send(key, draft.file);
    },
    take() {
      taken = files.value;
      files.value = [];
      problem.value = null;
      return taken.flatMap(({ status }) => (status.type === "ready" ? status.attachment : []));
    },
    giveBack() {
      files.value = [...taken, ...files.value];
      taken = [];
    },
  };
}

/** @returns null if it might go well another time. */
function toProblem(error: unknown): FileProblem | null {
  if (!(error instanceof ChatError)) return null;
  if (error.code === "body-too-large") return "tooLarge";
  return error.code === "unsupported-media-type" || error.code === "bad-request" ? "kind" : null;
}
