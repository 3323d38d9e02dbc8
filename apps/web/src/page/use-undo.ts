/** Takes the last deletion back, from the first moment on: the line that offers it may not have been loaded yet. Used by components/AppFrame.vue. */
import { nextTick } from "vue";
import { useRoute, useRouter } from "vue-router";
import type { AppContext } from "./app-context.ts";
import { useCommand } from "./commands.ts";

/** @returns what undoes it; keys do it, too. */
export function useUndo({ commands, deletions }: AppContext): () => Promise<void> {
  const route = useRoute();
  const router = useRouter();

  async function undo(): Promise<void> {
    const line = document.querySelector("[data-testid=undo-line]");
    const hadFocus = line?.contains(document.activeElement) === true;
    const back = await deletions.undo();
    if (back === null) return;
    if (back.wasOpen && route.path === "/") await router.push(`/c/${back.id}`);
    if (!hadFocus) return;
    await nextTick();
    document.querySelector<HTMLElement>(`[data-conversation="${back.id}"] a`)?.focus();
  }

  useCommand(commands, "undo", () => void undo());
  return undo;
}
