/** Signing out of this browser, where a password guards the server. Made by app-context.ts, offered by SettingsDialog.vue. */

import type { ChatClient } from "@typebar/chat-client";

export interface PageAccess {
  canSignOut(): Promise<boolean>;
  /** @returns whether the server could be asked; the page then leaves for the sign-in page. */
  signOut(): Promise<boolean>;
}

export function createPageAccess(client: Pick<ChatClient, "readAccess" | "signOut">, window: Window): PageAccess {
  return {
    async canSignOut() {
      return client.readAccess().then(
        ({ password }) => password,
        () => false,
      );
    },
    async signOut() {
      try {
        await client.signOut();
      } catch {
        return false;
      }
      forget(window);
      window.location.assign("/sign-in");
      return true;
    },
  };
}

/** What was written here, and how far answers were read, is nobody else's business at this computer. */
function forget({ localStorage, sessionStorage }: Window): void {
  sessionStorage.clear();
  for (const key of Object.keys(localStorage)) if (key.startsWith("typebar.draft.")) localStorage.removeItem(key);
}
