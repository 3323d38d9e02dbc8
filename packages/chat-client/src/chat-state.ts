/** One chat as it is shown, and what its reader can do. Kept by chat.ts; handed on by vue/ and react/. */
import type { Attachment } from "@typebar/chat/protocol";
import type { ChatErrorCode } from "./errors.ts";
import type { ChatMessage } from "./messages.ts";

/** A new object after each change. */
export interface ChatState {
  /** `null` until the first answer begins. */
  readonly conversationId: string | null;
  readonly title: string;
  /** When the server had it changed last, as of the last reading; empty until then. */
  readonly updatedAt: string;
  /** `new`: nothing was asked yet. `missing`, `unreachable`: the conversation could not be read. */
  readonly phase: "new" | "loading" | "ready" | "missing" | "unreachable";
  readonly messages: readonly ChatMessage[];
  /** An answer is on its way. */
  readonly busy: boolean;
  readonly stopping: boolean;
  /** A message that the server did not take, to be put back where it was written; see {@link ChatActions.takeReturned}. */
  readonly returned: string;
  /** Why the last message was not taken; until something is asked again. */
  readonly refusal: ChatErrorCode | null;
  /** Why the branch that was chosen is not shown, or the message that was to be deleted is still there; until something is done again. */
  readonly failure: ChatErrorCode | null;
  /** `reconnecting` as soon as the connection is lost: a page waits a little before it says so. */
  readonly connection: "idle" | "connecting" | "open" | "reconnecting";
}

export interface AskOptions {
  /** `provider/model`. @defaultValue the conversation's last, else the server's default */
  model?: string | null;
  /** Files that go along with a question, sent by `uploadAttachment` before. @defaultValue none; of an edited question, those it had */
  attachments?: readonly Attachment[];
}

export interface RegenerateOptions extends AskOptions {
  /** Of any answer, or of a question that has none. @defaultValue the last message */
  key?: string;
}

/** None of them rejects: what went wrong stands in the state. Those that ask end when the answer is there. */
export interface ChatActions {
  /** Reads the stored messages and follows what runs. */
  load(): Promise<void>;
  /** Asks the server for what other devices did meanwhile: `missing` if it was deleted; changes nothing where that fails. */
  refresh(): Promise<void>;
  send(text: string, options?: AskOptions): Promise<void>;
  /** Asks again with another text, in the place of the question of that key: a new branch. */
  edit(key: string, text: string, options?: AskOptions): Promise<void>;
  /** The last answer anew, or another one, as a new branch; or the same request again, where it was not answered at all. */
  regenerate(options?: RegenerateOptions): Promise<void>;
  /** Shows the newest branch that holds the message of that ID: one of a message's `siblingIds`. */
  choose(messageId: string): Promise<void>;
  /** Deletes the message of that key with all that follows from it. */
  remove(key: string): Promise<void>;
  /** Goes on with the last answer, which was stopped or cut short. */
  continue(): Promise<void>;
  stop(): Promise<void>;
  retryNow(): void;
  /** Whether it is looked at: see {@link GenerationHandle.setInView}. Until this is said, it is. */
  setInView(inView: boolean): void;
  /** Empties `returned`, and gives what it held. */
  takeReturned(): string;
}
