/** What the owner has set for all conversations; kept by the server. Made by app-context.ts, shown by SettingsDialog.vue. */

import type { ChatClient, Settings } from "@typebar/chat-client";
import { shallowRef } from "vue";
import type { ShallowRef } from "vue";

export interface OwnerSettings {
  /** `null` as long as they are not known. */
  readonly value: ShallowRef<Settings | null>;
  /** Rejects with {@link ChatError}. */
  load(): Promise<void>;
  change(settings: Settings): Promise<void>;
}

export function createOwnerSettings(client: Pick<ChatClient, "readSettings" | "changeSettings">): OwnerSettings {
  const value = shallowRef<Settings | null>(null);
  return {
    value,
    async load() {
      value.value = await client.readSettings();
    },
    async change(settings) {
      value.value = await client.changeSettings(settings);
    },
  };
}
