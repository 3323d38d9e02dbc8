/**
 * Tells what became of an owner's conversations and settings, once it is stored. Called by the stores after their transactions; heard
 * by the program.
 *
 * What is told is read after the transaction, and read again after it was told, until nothing is new: so what is told last is what is
 * so, however many processes tell at the same time.
 */
import type { Kysely } from "kysely";
import type { Change } from "../protocol.ts";
import { readSettings } from "./read-settings.ts";
import { toSummary, unfinishedStates } from "./rows.ts";
import type { Schema } from "./schema.ts";

/** What it rejects with is dropped: who missed a change reads again before long. */
export type OnChange = (ownerId: string, change: Change) => Promise<void> | void;

export interface Changes {
  /** Something of it has changed, or it is gone. Of a hidden one nothing is told. */
  conversation(ownerId: string, id: string): void;
  settings(ownerId: string): void;
  /** Settles when everything is told. */
  settled(): Promise<void>;
}

interface Telling {
  /** Something has changed since it was read last. */
  changed: boolean;
  done: Promise<void>;
}

/** Where nobody listens. */
const untold: Changes = { conversation: () => undefined, settings: () => undefined, settled: async () => undefined };

export function createChanges(database: Kysely<Schema>, onChange: OnChange | undefined): Changes {
  return onChange ? createToldChanges(database, onChange) : untold;
}

function createToldChanges(database: Kysely<Schema>, onChange: OnChange): Changes {
  const tellings = new Map<string, Telling>();

  function tell(key: string, ownerId: string, read: () => Promise<Change | undefined>): void {
    const running = tellings.get(key);
    if (running) {
      running.changed = true;
      return;
    }
    const telling: Telling = { changed: true, done: Promise.resolve() };
    tellings.set(key, telling);
    const untilTold = async (): Promise<void> => {
      try {
        await tellLast(telling, read, (change) => onChange(ownerId, change));
      } catch {
        // Of no consequence but for those who follow, and they read again before long.
      } finally {
        // In the very turn in which it is known that nothing has changed meanwhile.
        tellings.delete(key);
      }
    };
    telling.done = untilTold();
  }

  async function readConversation(ownerId: string, id: string): Promise<Change | undefined> {
    const row = await database
      .selectFrom("conversations")
      .selectAll()
      .where("id", "=", id)
      .where("owner_id", "=", ownerId)
      .executeTakeFirst();
    if (row?.hidden === 1) return undefined;
    if (!row || row.deleted_at_ms !== null) return { event: "conversation-deleted", data: { id } };
    const running = await database
      .selectFrom("generations")
      .select("id")
      .where("conversation_id", "=", id)
      .where("state", "in", unfinishedStates)
      .executeTakeFirst();
    return { event: "conversation", data: { conversation: toSummary(row), generationId: running?.id ?? null } };
  }

  return {
    conversation: (ownerId, id) => tell(`conversation:${id}`, ownerId, () => readConversation(ownerId, id)),
    settings: (ownerId) =>
      tell(`settings:${ownerId}`, ownerId, async () => ({
        event: "settings",
        data: await readSettings(database, ownerId),
      })),
    async settled() {
      await Promise.all([...tellings.values()].map(({ done }) => done));
    },
  };
}

async function tellLast(
  telling: Telling,
  read: () => Promise<Change | undefined>,
  onChange: (change: Change) => Promise<void> | void,
): Promise<void> {
  let told: string | undefined;
  for (;;) {
    const { changed } = telling;
    telling.changed = false;
    const change = await read();
    if (!change) return;
    const state = JSON.stringify(change);
    // A change that this state does not show, as of a message, is told all the same.
    if (changed || state !== told) {
      await onChange(change);
      told = state;
    } else if (!telling.changed) {
      return;
    }
  }
}
