/** The query that reads an owner's settings. Used by settings, changes, and where a question needs the default system prompt. */
import type { Kysely } from "kysely";
import type { Settings } from "../protocol.ts";
import type { Schema } from "./schema.ts";

export async function readSettings(database: Kysely<Schema>, ownerId: string): Promise<Settings> {
  const row = await database
    .selectFrom("settings")
    .select("system_prompt")
    .where("owner_id", "=", ownerId)
    .executeTakeFirst();
  return { systemPrompt: row?.system_prompt ?? "" };
}
