/** Values that expire, each replaced by whoever knows what it was. Used by index.ts. */
import type { Cells } from "../../shared-store.ts";
import type { Keys } from "./keys.ts";
import { readCell, replaceCell } from "./lua/roster.ts";
import type { Store } from "./store.ts";

export function createCells(store: Store, keys: Keys): Cells {
  return {
    async read(name) {
      const reply = await store.run({ script: readCell, keys: [keys.cell(name)], args: () => [] });
      const [value, nowMs] = reply as [string, string];
      return { value, nowMs: Number(nowMs) };
    },
    async replace(name, expected, next, ttlMs) {
      const args = [expected, next, String(Math.max(1, Math.ceil(ttlMs)))];
      // Run again it could take what another has written, the same, for its own.
      return (await store.run({ script: replaceCell, keys: [keys.cell(name)], args: () => args, once: true })) === 1;
    },
  };
}
