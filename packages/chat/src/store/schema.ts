/** The tables of typebar.db, for Kysely. Times are milliseconds since 1970; JSON is text, so that both dialects keep it byte for byte. */
import type { ColumnType, Generated } from "kysely";
import type { GenerationState, Trigger } from "../protocol.ts";

/** A 64-bit number: PostgreSQL's driver gives it as text, SQLite's as a number. */
type Int64 = ColumnType<number | string, number, number>;
type NullableInt64 = ColumnType<number | string | null, number | null | undefined, number | null>;

export interface Schema {
  conversations: ConversationsTable;
  messages: MessagesTable;
  generations: GenerationsTable;
  attachments: AttachmentsTable;
  generation_keys: GenerationKeysTable;
  settings: SettingsTable;
  nodes: NodesTable;
  search_documents: SearchDocumentsTable;
}

interface ConversationsTable {
  id: string;
  owner_id: string;
  title: string;
  /** The newest message of the branch that is shown. */
  head_message_id: string | null;
  /** `provider/model` of the last question; an answer that is tried again may have had another. */
  model: string | null;
  /** 1: holds one answer that was asked for with a prompt of its own; never listed, removed after its end. */
  hidden: Generated<number>;
  /** 1: stands before all that are not. */
  pinned: Generated<number>;
  /** `null`: that of the settings. */
  system_prompt: string | null;
  /** 1: a person chose the title. */
  named: Generated<number>;
  /** It was deleted then, and can still be restored: for everybody else it is not there. */
  deleted_at_ms: NullableInt64;
  created_at_ms: Int64;
  updated_at_ms: Int64;
}

interface MessagesTable {
  id: string;
  conversation_id: string;
  parent_id: string | null;
  role: "user" | "assistant";
  /** JSON: `MessagePart[]`. */
  parts: string;
  /** Of assistant messages. */
  generation_id: string | null;
  created_at_ms: Int64;
}

interface GenerationsTable {
  id: string;
  conversation_id: string;
  message_id: string;
  owner_id: string;
  state: GenerationState;
  model: string;
  trigger: Trigger;
  /** JSON: the text that the answer begins with, of `continue-message`. A model may say NUL, which PostgreSQL keeps in no text. */
  given_text: string;
  /** JSON: `StoredPrompt`, in a hidden conversation; else its messages are the prompt. */
  prompt: string | null;
  /** Of the request that started it: the same key with another body is refused. */
  request_hash: string;
  /** How often it was taken over. */
  takeovers: number;
  code: string | null;
  finish_reason: string | null;
  /** JSON: `Usage`. */
  usage: string | null;
  /** Position of `close`, once it ended: what an event ID is compared with after the log has expired. */
  end_epoch: NullableInt64;
  end_seq: NullableInt64;
  /** 1: it ended, and its log has been told when to go. */
  log_expires: Generated<number>;
  created_at_ms: Int64;
  finished_at_ms: NullableInt64;
  /** From the model's first word to the end; null where a process died in between. */
  duration_ms: NullableInt64;
  /** Of that, how long it reasoned. */
  thought_ms: NullableInt64;
}

interface AttachmentsTable {
  id: string;
  owner_id: string;
  /** `null` until a question has come for it. */
  conversation_id: string | null;
  name: string;
  media_type: string;
  bytes: number;
  data: Uint8Array;
  created_at_ms: Int64;
}

interface GenerationKeysTable {
  owner_id: string;
  key: string;
  generation_id: string;
}

interface SettingsTable {
  owner_id: string;
  system_prompt: string;
}

/** Servers that share this database. */
interface NodesTable {
  id: string;
  /** Grows while the node works: another sees by its own clock how long it has not. */
  beat: Int64;
  /** Event streams that are open there. */
  streams: number;
  /** Those of them that follow the channel `online`. */
  followers: number;
}

/** What is in the index of conversations; its terms are kept as each database does. */
interface SearchDocumentsTable {
  id: Generated<Int64>;
  owner_id: string;
  conversation_id: string;
  /** `null`: the conversation's title. */
  message_id: string | null;
}
