/** The index of conversations in PostgreSQL: `tsvector`, with our own terms in the place of its parser's. Chosen by choose-index.ts. */
import { sql } from "kysely";
import type { QueryTerm } from "../../search/terms.ts";
import { type SearchHit, type SearchIndex, titleWeight } from "./search-index.ts";

export const postgresIndex: SearchIndex = {
  async create(queries) {
    await sql`CREATE TABLE search_documents (
      id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      owner_id TEXT NOT NULL,
      conversation_id TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
      message_id TEXT REFERENCES messages (id) ON DELETE CASCADE,
      terms TSVECTOR NOT NULL
    )`.execute(queries);
    await sql`CREATE INDEX search_documents_conversation ON search_documents (conversation_id)`.execute(queries);
    await sql`CREATE INDEX search_documents_message ON search_documents (message_id)`.execute(queries);
    await sql`CREATE INDEX search_documents_terms ON search_documents USING GIN (terms)`.execute(queries);
  },

  async add(queries, { conversationId, messageId, terms }) {
    if (messageId === null) {
      await sql`DELETE FROM search_documents
        WHERE conversation_id = ${conversationId} AND message_id IS NULL`.execute(queries);
    }
    if (terms.length === 0) return;
    await sql`INSERT INTO search_documents (owner_id, conversation_id, message_id, terms)
      SELECT owner_id, id, ${messageId}, ${toVector(terms)}::tsvector
      FROM conversations WHERE id = ${conversationId} AND hidden = 0`.execute(queries);
  },

  async find(queries, ownerId, terms, limit) {
    const { rows } = await sql<Row>`
      WITH places AS (
        SELECT document.conversation_id, document.message_id, conversation.updated_at_ms,
          ts_rank(document.terms, query, ${normalization}::integer)
            * CASE WHEN document.message_id IS NULL THEN ${titleWeight}::integer ELSE 1 END AS score
        FROM (SELECT ${toQuery(terms)}::tsquery AS query) AS asked, search_documents AS document
        JOIN conversations AS conversation ON conversation.id = document.conversation_id
        WHERE document.terms @@ query AND document.owner_id = ${ownerId} AND conversation.deleted_at_ms IS NULL
      ), best AS (
        SELECT *, row_number() OVER (PARTITION BY conversation_id ORDER BY score DESC, message_id NULLS FIRST) AS place
        FROM places
      )
      SELECT conversation_id, message_id FROM best WHERE place = 1
      ORDER BY score DESC, updated_at_ms DESC LIMIT ${limit}::integer`.execute(queries);
    return rows.map(toHit);
  },
};

/** Divides by the logarithm of the text's length: the same word says more in a short text. */
const normalization = 1;
// What PostgreSQL keeps of a text at most: https://www.postgresql.org/docs/current/textsearch-limitations.html
const lastPosition = 16_383;
/** More say nothing more about what a text is about. */
const maxPositions = 8;
/** Together with their positions they stay below the megabyte that a vector may have. */
const maxVectorTerms = 60_000;

interface Row {
  conversation_id: string;
  message_id: string | null;
}

const toHit = (row: Row): SearchHit => ({ conversationId: row.conversation_id, messageId: row.message_id });
/** Quoted: nothing of a text or a question is taken for more than a word. */
const quote = (term: string): string => `'${term.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;

function toVector(terms: readonly string[]): string {
  const positions = new Map<string, number[]>();
  for (const [index, term] of terms.entries()) {
    const known = positions.get(term);
    const position = Math.min(index + 1, lastPosition);
    if (!known && positions.size < maxVectorTerms) positions.set(term, [position]);
    else if (known && known.length < maxPositions) known.push(position);
  }
  return Array.from(positions, ([term, places]) => `${quote(term)}:${places.join()}`).join(" ");
}

function toQuery(terms: readonly QueryTerm[]): string {
  return terms.map(({ term, prefix }) => `${quote(term)}${prefix ? ":*" : ""}`).join(" & ");
}
