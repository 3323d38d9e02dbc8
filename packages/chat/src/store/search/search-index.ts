/** What the index of conversations can do, in any database. Implemented beside this file; chosen by choose-index.ts. */
import type { Kysely, Transaction } from "kysely";
import type { QueryTerm } from "../../search/terms.ts";
import type { Schema } from "../schema.ts";

export type Queries = Kysely<Schema> | Transaction<Schema>;

export interface IndexedText {
  conversationId: string;
  /** `null`: it is the conversation's title, of which there is one. */
  messageId: string | null;
  terms: readonly string[];
}

export interface SearchHit {
  conversationId: string;
  messageId: string | null;
}

export interface SearchIndex {
  /** Makes its tables. Rows go with the messages and conversations that they are of. */
  create(queries: Queries): Promise<void>;
  /** Holds nothing of a hidden conversation. To be called in the transaction that stores the text. */
  add(queries: Queries, text: IndexedText): Promise<void>;
  /** The best place of each conversation of the owner that is not deleted and holds all terms in one place, best first. */
  find(queries: Queries, ownerId: string, terms: readonly QueryTerm[], limit: number): Promise<SearchHit[]>;
}

/** A word in a title says more than one in a text. */
export const titleWeight = 2;
