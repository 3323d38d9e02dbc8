/** Queries of an owner's settings. Called by routes/settings, and where a question needs the default system prompt. */
import type { Settings } from "../protocol.ts";
import type { StoreContext } from "./context.ts";
import { readSettings } from "./read-settings.ts";

export interface SettingsStore {
  read(ownerId: string): Promise<Settings>;
  write(ownerId: string, settings: Settings): Promise<Settings>;
}

export function createSettingsStore({ database, changes }: StoreContext): SettingsStore {
  return {
    read: (ownerId) => readSettings(database, ownerId),

    async write(ownerId, { systemPrompt }) {
      const values = { system_prompt: systemPrompt };
      await database
        .insertInto("settings")
        .values({ owner_id: ownerId, ...values })
        .onConflict((conflict) => conflict.column("owner_id").doUpdateSet(values))
        .execute();
      changes.settings(ownerId);
      return { systemPrompt };
    },
  };
}
