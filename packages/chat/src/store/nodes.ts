/** Queries of the nodes that share a database. Called by nodes/. */
import type { Kysely } from "kysely";
import type { Schema } from "./schema.ts";

export interface NodeRow {
  id: string;
  beat: number;
  streams: number;
  followers: number;
}

export interface NodeStore {
  /** Says that a node works, and what it carries. */
  beat(node: NodeRow): Promise<void>;
  list(): Promise<NodeRow[]>;
  remove(ids: readonly string[]): Promise<void>;
}

export function createNodeStore(database: Kysely<Schema>): NodeStore {
  return {
    async beat(node) {
      await database
        .insertInto("nodes")
        .values(node)
        .onConflict((conflict) => conflict.column("id").doUpdateSet(node))
        .execute();
    },
    async list() {
      const rows = await database.selectFrom("nodes").selectAll().execute();
      return rows.map(({ id, beat, streams, followers }) => ({ id, beat: Number(beat), streams, followers }));
    },
    async remove(ids) {
      if (ids.length === 0) return;
      await database
        .deleteFrom("nodes")
        .where("id", "in", [...ids])
        .execute();
    },
  };
}
