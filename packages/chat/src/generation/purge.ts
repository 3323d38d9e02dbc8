/** Deleted conversations that can be restored no more -> gone, with the logs of their answers. Called by each sweep. */
import type { RecordLog } from "@typebar/log";
import type { DeletedStore } from "../store/deleted.ts";
import { unfinishedStates } from "../store/rows.ts";

/** How long the log of an answer outlives its conversation at most, in milliseconds. */
const deletedLogMs = 60_000;

/** Does a part of them; the sweep comes again. */
export async function purgeDeleted(log: RecordLog, store: DeletedStore): Promise<void> {
  for (const { id, generations } of await store.expired(100)) {
    // Before the rows that name them are gone: a server killed in between leaves no log behind.
    for (const generation of generations) await log.expire(generation.id, deletedLogMs);
    await store.purge(id);
    for (const generation of generations) {
      // One that should have stopped long ago may still be written: its log goes a little later.
      if (!unfinishedStates.includes(generation.state)) await log.expire(generation.id, 0);
    }
  }
}
