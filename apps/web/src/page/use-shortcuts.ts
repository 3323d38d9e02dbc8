/** Hears the keyboard shortcuts, wherever the focus is. Used by AppFrame.vue. */

import { useEventListener } from "@vueuse/core";
import type { AppContext } from "./app-context.ts";
import { shortcutOf } from "./shortcuts.ts";

export function useShortcuts({ commands, isMac, preferences }: AppContext): void {
  useEventListener(window, "keydown", (event) => {
    // An input method uses keys for itself; with code 229 old ones only tell so.
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229 || event.repeat) return;
    const isTyping = isWritten(event.target);
    const name = shortcutOf(event, { isMac, isTyping, takesSingleKeys: preferences.singleKeys.value });
    if (name === null || name === "stop") return;
    // What lies above the page has the keys.
    if (document.querySelector('[role="menu"], dialog[open]') !== null) return;
    if (commands.run(name)) event.preventDefault();
  });
}

function isWritten(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
}
