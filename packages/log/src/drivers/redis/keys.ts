/**
 * What of a log lies where in Redis. Used by each file of this driver; the scripts that read and write it are in lua/.
 *
 * | key | type | holds |
 * |---|---|---|
 * | `<prefix>{<log>}` | hash | the head, see below; the wake-ups of the log are published on the channel of the same name |
 * | `<prefix>{<log>}:records` | stream | one entry a record: ID `<seq>-<epoch>`, `t` = when, in ms after the head's `born`, `p` = payload |
 * | `<prefix>{<log>}:batch:<writer>` | string | `<batch> <epoch> <last seq>`: the last batch that this process appended as "any", for as long as it might ask again |
 * | `<prefix>{roster}` | hash | who is there: a name each, and a number that it counts up |
 * | `<prefix>{roster}:<name>` | hash | what it says: a note for each log |
 * | `<prefix>cell:{:<name>}` | string | a value that expires |
 *
 * | field of the head | holds |
 * |---|---|
 * | `epoch` | the fencing number; at first the time of creation in ms, so that a log made again after a loss has another |
 * | `seq`, `bytes` | of the last record; of all held payloads in UTF-8 |
 * | `trimmed`, `trimmedEpoch` | seq and epoch of the last record that was trimmed |
 * | `born` | the time of creation, in ms |
 * | `stop` | 1 once a stop was requested |
 * | `ttl`, `deadline`, `holder`, `token` | the lease: for how long and until when, in ms; by whom; which call took it. `ttl` 0: nobody holds it |
 * | `history` | replication ID of the Redis that gave the epoch: another one may have lost what that one held |
 * | `expires` | when the log is gone, in ms; after that only `epoch` counts, for a log of the same name |
 * | `told`, `toldAt` | what was told last of the notes under it, and when, in ms |
 *
 * The entry's ID holds the epoch, so that one look-up tells whether a reader's position is one of this log's: with `<seq>-0` the
 * record would have to be read, and each would have to hold the epoch besides. All times are by the clock of Redis.
 * The keys of one log share a hash tag, and so a slot of a Redis Cluster.
 */

export interface LogKeys {
  head: string;
  records: string;
  batch: string;
  /** All of them, as the scripts of a log take them. */
  all: readonly string[];
}

export interface Keys {
  of(logId: string): LogKeys;
  /** Who is there, and what `name` says. */
  roster(name: string): readonly [names: string, notes: string];
  cell(name: string): string;
}

/** @throws {RangeError} if the prefix holds a brace: the hash tag would begin there. */
export function createKeys(prefix: string, writer: string): Keys {
  if (/[{}]/.test(prefix)) throw new RangeError(`The prefix "${prefix}" holds a brace`);
  return {
    of(logId) {
      const head = `${prefix}{:${escapeTag(logId)}}`;
      const records = `${head}:records`;
      const batch = `${head}:batch:${writer}`;
      return { head, records, batch, all: [head, records, batch] };
    },
    // No colon in the tag: it is the key of no log.
    roster: (name) => [`${prefix}{roster}`, `${prefix}{roster}:${name}`],
    cell: (name) => `${prefix}cell:{:${escapeTag(name)}}`,
  };
}

/** A brace would end the tag, and an empty tag (hence the colon before it) is none. */
function escapeTag(logId: string): string {
  return logId.replaceAll(/[%{}]/g, encodeURIComponent);
}
