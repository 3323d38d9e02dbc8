/** The index of conversations in SQLite: FTS5. Chosen by choose-index.ts. */
import { sql } from "kysely";
import type { QueryTerm } from "../../search/terms.ts";
import { type SearchHit, type SearchIndex, titleWeight } from "./search-index.ts";

/** Of the terms, which are made by us, nothing is a separator but the spaces between them. */
const tokenize = "unicode61 remove_diacritics 0 categories ''L* M* N* P* S* C*''";

export const sqliteIndex: SearchIndex = {
  async create(queries) {
    await sql`CREATE TABLE search_documents (
      id INTEGER PRIMARY KEY,
      owner_id TEXT NOT NULL,
      conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
      message_id TEXT REFERENCES messages (id) ON DELETE CASCADE
    )`.execute(queries);
    await sql`CREATE INDEX search_documents_conversation ON search_documents (conversation_id)`.execute(queries);
    await sql`CREATE INDEX search_documents_message ON search_documents (message_id)`.execute(queries);
    await sql`CREATE VIRTUAL TABLE search_terms USING fts5 (
      terms, content = '', contentless_delete = 1, tokenize = '${sql.raw(tokenize)}'
    )`.execute(queries);
    // However a document goes: with its message, its conversation, or to be replaced.
    await sql`CREATE TRIGGER search_documents_deleted AFTER DELETE ON search_documents BEGIN
      DELETE FROM search_terms WHERE rowid = old.id;
    END`.execute(queries);
  },

  async add(queries, { conversationId, messageId, terms }) {
    if (messageId === null) {
      await sql`DELETE FROM search_documents
        WHERE conversation_id = ${conversationId} AND message_id IS NULL`.execute(queries);
    }
    if (terms.length === 0) return;
    const { rows } = await sql<{ id: number }>`
      INSERT INTO search_documents (owner_id, conversation_id, message_id)
      SELECT owner_id, id, ${messageId} FROM conversations WHERE id = ${conversationId} AND hidden = 0
      RETURNING id`.execute(queries);
    const id = rows[0]?.id;
    if (id === undefined) return;
    await sql`INSERT INTO search_terms (rowid, terms) VALUES (${id}, ${terms.join(" ")})`.execute(queries);
  },

  async find(queries, ownerId, terms, limit) {
    const { rows } = await sql<Row>`
      WITH hits AS MATERIALIZED (
        SELECT rowid AS id, bm25(search_terms) AS score FROM search_terms WHERE search_terms MATCH ${toMatch(terms)}
      ), places AS (
        SELECT document.conversation_id, document.message_id, conversation.updated_at_ms,
          hits.score * CASE WHEN document.message_id IS NULL THEN ${titleWeight} ELSE 1 END AS score
        FROM hits
        JOIN search_documents AS document ON document.id = hits.id
        JOIN conversations AS conversation ON conversation.id = document.conversation_id
        WHERE document.owner_id = ${ownerId} AND conversation.deleted_at_ms IS NULL
      ), best AS (
        SELECT *, row_number() OVER (PARTITION BY conversation_id ORDER BY score, message_id) AS place FROM places
      )
      SELECT conversation_id, message_id FROM best WHERE place = 1
      ORDER BY score, updated_at_ms DESC LIMIT ${limit}`.execute(queries);
    return rows.map(toHit);
  },
};

interface Row {
  conversation_id: string;
  message_id: string | null;
}

const toHit = (row: Row): SearchHit => ({ conversationId: row.conversation_id, messageId: row.message_id });

/** Quoted: nothing of a question reaches the query language but its words. */
function toMatch(terms: readonly QueryTerm[]): string {
  return terms.map(({ term, prefix }) => `"${term.replaceAll('"', '""')}"${prefix ? " *" : ""}`).join(" AND ");
}
