/** The files that the next question will bring along: sent as soon as they are chosen. Used by components/ComposerBox.vue. */
import { ChatError } from "@typebar/chat-client";
import type { Attachment } from "@typebar/chat-client";
import { computed, shallowRef } from "vue";
import type { ComputedRef, ShallowRef } from "vue";

/** As the server counts: PROTOCOL.md. */
const mostFiles = 10;

/** Why a file does not go along; a name in the page's texts. */
type FileProblem = "tooMany" | "tooLarge" | "kind" | "failed";

export interface AttachmentDraft {
  readonly key: number;
  readonly name: string;
  /** `null` while it is being sent. */
  readonly attachment: Attachment | null;
}

export interface AttachmentDrafts {
  readonly files: ShallowRef<readonly AttachmentDraft[]>;
  readonly problem: ShallowRef<{ kind: FileProblem; name: string } | null>;
  readonly sending: ComputedRef<boolean>;
  readonly hasImage: ComputedRef<boolean>;
  add(files: Iterable<File>): void;
  remove(key: number): void;
  /** Empties the list, and gives what it held. */
  take(): Attachment[];
  /** What was taken last, and was not accepted. */
  giveBack(): void;
}

export function createAttachmentDrafts(
  upload: (file: File, signal: AbortSignal) => Promise<Attachment>,
): AttachmentDrafts {
  const files = shallowRef<readonly AttachmentDraft[]>([]);
  const problem = shallowRef<{ kind: FileProblem; name: string } | null>(null);
  const aborts = new Map<number, AbortController>();
  let taken: readonly AttachmentDraft[] = [];
  let made = 0;

  async function send(key: number, file: File): Promise<void> {
    const abort = new AbortController();
    aborts.set(key, abort);
    try {
      const attachment = await upload(file, abort.signal);
      files.value = files.value.map((draft) => (draft.key === key ? { key, name: draft.name, attachment } : draft));
    } catch (error) {
      if (abort.signal.aborted) return;
      files.value = files.value.filter((draft) => draft.key !== key);
      problem.value = { kind: toProblem(error), name: file.name };
    } finally {
      aborts.delete(key);
    }
  }

  return {
    files,
    problem,
    sending: computed(() => files.value.some(({ attachment }) => attachment === null)),
    hasImage: computed(() => files.value.some(({ attachment }) => attachment?.mediaType.startsWith("image/") === true)),
    add(chosen) {
      problem.value = null;
      for (const file of chosen) {
        if (files.value.length >= mostFiles) {
          problem.value = { kind: "tooMany", name: file.name };
          return;
        }
        made += 1;
        files.value = [...files.value, { key: made, name: file.name, attachment: null }];
        void send(made, file);
      }
    },
    remove(key) {
      aborts.get(key)?.abort();
      problem.value = null;
      files.value = files.value.filter((draft) => draft.key !== key);
    },
    take() {
      taken = files.value;
      files.value = [];
      problem.value = null;
      return taken.flatMap(({ attachment }) => attachment ?? []);
    },
    giveBack() {
      files.value = [...taken, ...files.value];
      taken = [];
    },
  };
}

function toProblem(error: unknown): FileProblem {
  if (!(error instanceof ChatError)) return "failed";
  if (error.code === "body-too-large") return "tooLarge";
  return error.code === "unsupported-media-type" || error.code === "bad-request" ? "kind" : "failed";
}
