/**
 * What can be done from anywhere on the page, by a key or from a menu; whoever can do it says so here. Made by
 * app-context.ts.
 */

import { onMounted, onUnmounted } from "vue";
import type { ShortcutName } from "./shortcuts.ts";

/** `stop` is ChatPage.vue's own key. */
export type CommandName = Exclude<ShortcutName, "stop"> | "settings" | "find";

export interface Commands {
  /** @returns a function that takes it back. */
  on(name: CommandName, run: () => void): () => void;
  /** @returns whether anybody could do it. */
  run(name: CommandName): boolean;
}

export function createCommands(): Commands {
  const known = new Map<CommandName, () => void>();
  return {
    on(name, run) {
      known.set(name, run);
      return () => {
        if (known.get(name) === run) known.delete(name);
      };
    },
    run(name) {
      const run = known.get(name);
      run?.();
      return run !== undefined;
    },
  };
}

/** For as long as the component is on the page. */
export function useCommand(commands: Commands, name: CommandName, run: () => void): void {
  let takeBack: (() => void) | undefined;
  onMounted(() => (takeBack = commands.on(name, run)));
  onUnmounted(() => takeBack?.());
}
