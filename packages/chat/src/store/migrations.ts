/** How typebar.db came to be, step by step. The same steps run on SQLite and on PostgreSQL. */
import { type Kysely, sql } from "kysely";
import { type Migration, type MigrationProvider, Migrator } from "kysely/migration";
import type { Schema } from "./schema.ts";
import { chooseIndex } from "./search/choose-index.ts";
import { indexAll } from "./search/index-texts.ts";

const initial: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable("conversations")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("owner_id", "text", (column) => column.notNull())
      .addColumn("title", "text", (column) => column.notNull())
      .addColumn("head_message_id", "text")
      .addColumn("model", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("updated_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex("conversations_newest")
      .on("conversations")
      .columns(["owner_id", "updated_at_ms", "id"])
      .execute();
    await database.schema
      .createTable("messages")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("conversation_id", "text", (column) =>
        column.notNull().references("conversations.id").onDelete("cascade"),
      )
      .addColumn("parent_id", "text")
      .addColumn("role", "text", (column) => column.notNull())
      .addColumn("parts", "text", (column) => column.notNull())
      .addColumn("generation_id", "text")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await database.schema.createIndex("messages_conversation").on("messages").column("conversation_id").execute();
    await database.schema
      .createTable("generations")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("conversation_id", "text", (column) =>
        column.notNull().references("conversations.id").onDelete("cascade"),
      )
      .addColumn("message_id", "text", (column) => column.notNull())
      .addColumn("owner_id", "text", (column) => column.notNull())
      .addColumn("state", "text", (column) => column.notNull())
      .addColumn("model", "text", (column) => column.notNull())
      .addColumn("trigger", "text", (column) => column.notNull())
      .addColumn("given_text", "text", (column) => column.notNull())
      .addColumn("request_hash", "text", (column) => column.notNull())
      .addColumn("takeovers", "integer", (column) => column.notNull().defaultTo(0))
      .addColumn("code", "text")
      .addColumn("finish_reason", "text")
      .addColumn("usage", "text")
      .addColumn("end_epoch", "bigint")
      .addColumn("end_seq", "bigint")
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .addColumn("finished_at_ms", "bigint")
      .execute();
    // One answer at a time in a conversation, whoever asks: the index decides races.
    await sql`CREATE UNIQUE INDEX generations_unfinished ON generations (conversation_id)
              WHERE state IN ('queued', 'running')`.execute(database);
    await database.schema.createIndex("generations_conversation").on("generations").column("conversation_id").execute();
    await database.schema
      .createTable("generation_keys")
      .addColumn("owner_id", "text", (column) => column.notNull())
      .addColumn("key", "text", (column) => column.notNull())
      .addColumn("generation_id", "text", (column) => column.notNull().references("generations.id").onDelete("cascade"))
      .addPrimaryKeyConstraint("generation_keys_primary", ["owner_id", "key"])
      .execute();
    await database.schema
      .createIndex("generation_keys_generation")
      .on("generation_keys")
      .column("generation_id")
      .execute();
  },
};

const hidden: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .alterTable("conversations")
      .addColumn("hidden", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
    await database.schema.alterTable("generations").addColumn("prompt", "text").execute();
    // What the sweep looks through, over and over.
    await sql`CREATE INDEX conversations_hidden ON conversations (updated_at_ms) WHERE hidden = 1`.execute(database);
  },
};

const logExpires: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .alterTable("generations")
      .addColumn("log_expires", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
    // Almost always empty, and looked through over and over.
    await sql`CREATE INDEX generations_log_kept ON generations (finished_at_ms)
              WHERE log_expires = 0 AND finished_at_ms IS NOT NULL`.execute(database);
  },
};

const times: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema.alterTable("generations").addColumn("duration_ms", "bigint").execute();
    await database.schema.alterTable("generations").addColumn("thought_ms", "bigint").execute();
  },
};

const ordering: Migration = {
  async up(database: Kysely<unknown>) {
    // One at a time: SQLite adds no two columns at once.
    const { schema } = database;
    await schema
      .alterTable("conversations")
      .addColumn("pinned", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
    await schema.alterTable("conversations").addColumn("system_prompt", "text").execute();
    await schema
      .alterTable("conversations")
      .addColumn("named", "integer", (column) => column.notNull().defaultTo(0))
      .execute();
    await schema.alterTable("conversations").addColumn("deleted_at_ms", "bigint").execute();
    await schema.dropIndex("conversations_newest").execute();
    await schema
      .createIndex("conversations_listed")
      .on("conversations")
      .columns(["owner_id", "pinned", "updated_at_ms", "id"])
      .execute();
    // What the sweep looks through, over and over.
    await sql`CREATE INDEX conversations_deleted ON conversations (deleted_at_ms)
              WHERE deleted_at_ms IS NOT NULL`.execute(database);
    await schema
      .createTable("settings")
      .addColumn("owner_id", "text", (column) => column.primaryKey())
      .addColumn("system_prompt", "text", (column) => column.notNull())
      .execute();
  },
};

const nodes: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable("nodes")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("beat", "bigint", (column) => column.notNull())
      .addColumn("streams", "integer", (column) => column.notNull())
      .addColumn("followers", "integer", (column) => column.notNull())
      .execute();
  },
};

const search: Migration = {
  async up(database: Kysely<Schema>) {
    await chooseIndex(database).create(database);
    await indexAll(database);
  },
};

const attachments: Migration = {
  async up(database: Kysely<unknown>) {
    await database.schema
      .createTable("attachments")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("owner_id", "text", (column) => column.notNull())
      .addColumn("conversation_id", "text", (column) => column.references("conversations.id").onDelete("cascade"))
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("media_type", "text", (column) => column.notNull())
      .addColumn("bytes", "integer", (column) => column.notNull())
      // To SQLite the name of a type means little: bytes stay bytes.
      .addColumn("data", "bytea", (column) => column.notNull())
      .addColumn("created_at_ms", "bigint", (column) => column.notNull())
      .execute();
    await database.schema
      .createIndex("attachments_conversation")
      .on("attachments")
      .columns(["conversation_id", "created_at_ms"])
      .execute();
  },
};

const migrations: Readonly<Record<string, Migration>> = {
  "0001-initial": initial,
  "0002-hidden": hidden,
  "0003-log-expires": logExpires,
  "0005-times": times,
  "0006-ordering": ordering,
  "0009-nodes": nodes,
  "0010-search": search,
  "0011-attachments": attachments,
};
const provider: MigrationProvider = { getMigrations: async () => ({ ...migrations }) };

/** Of all steps, in the order in which they are taken. */
export const migrationNames: readonly string[] = Object.keys(migrations);

/** The database has been through a step that this version does not know; it is left as it was. */
export class NewerDatabaseError extends Error {
  /** The step's name. */
  readonly step: string;

  constructor(step: string, options: { cause: unknown }) {
    super(`the database has been through ${step}, which this version does not know`, options);
    this.name = "NewerDatabaseError";
    this.step = step;
  }
}

/** The migrator has no other word for it than this sentence. */
function toNewerDatabaseError(cause: unknown): NewerDatabaseError | undefined {
  const step = /previously executed migration (\S+) is missing/.exec(cause instanceof Error ? cause.message : "")?.[1];
  return step === undefined ? undefined : new NewerDatabaseError(step, { cause });
}

/**
 * Brings the database up to date; does nothing where it is. Of several processes one does it, and the others wait. Returns what was done.
 *
 * @param version - The last step to take. @defaultValue the last there is
 * @throws {NewerDatabaseError}
 */
export async function migrate(database: Kysely<Schema>, version?: string): Promise<string[]> {
  return underLock(database, async (locked) => {
    const migrator = new Migrator({ db: locked, provider });
    const { error, results = [] } = await (version === undefined
      ? migrator.migrateToLatest()
      : migrator.migrateTo(version));
    if (error) throw toNewerDatabaseError(error) ?? error;
    return results.map(({ migrationName }) => migrationName);
  });
}

/** The very lock that Kysely's migrator takes, so that those of every version wait for each other. */
const lockId = "3853314791062309107";

/**
 * The migrator's own lock belongs to a connection; behind a pooler that may be another by the time that the lock is given up, and nobody
 * would ever get it again. One that belongs to a transaction goes with it. SQLite has one process, and no lock.
 */
function underLock<T>(database: Kysely<Schema>, work: (database: Kysely<Schema>) => Promise<T>): Promise<T> {
  if (!database.getExecutor().adapter.supportsTransactionalDdl) return work(database);
  return database.transaction().execute(async (transaction) => {
    await sql`SELECT pg_advisory_xact_lock(${sql.raw(lockId)})`.execute(transaction);
    return work(transaction);
  });
}

export interface MigrationState {
  /** Steps that this version knows and the database has not been through. */
  pending: string[];
  /** The last step that this version knows. */
  latest: string;
  /** It has been through none: Typebar never used it. */
  isNew: boolean;
}

/** Changes nothing. */
export async function readMigrationState(database: Kysely<Schema>): Promise<MigrationState> {
  const steps = await new Migrator({ db: database, provider }).getMigrations();
  return {
    pending: steps.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name),
    latest: steps.at(-1)?.name ?? "",
    isNew: steps.every(({ executedAt }) => executedAt === undefined),
  };
}
