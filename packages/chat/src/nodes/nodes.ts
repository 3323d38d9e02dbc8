/**
 * The servers that share a database: who works, and which share of what a dead one left is this one's. Asked by generation/ and the program.
 *
 * No clock is compared with another's: each node counts up while it works, and the others see by their own clock how long it has not.
 */
import type { NodeRow, NodeStore } from "../store/nodes.ts";
import { chooseNode } from "./rendezvous.ts";

export interface NodesOptions {
  store: NodeStore;
  /** Of this process, another at each start. */
  id: string;
  /** Rejects while this node could not work on an answer: it is then not counted on. */
  check: () => Promise<unknown>;
  /** What is open here. */
  countStreams: () => NodeLoad;
  report: (message: string, error: unknown) => void;
  /** @defaultValue 1000 */
  beatMs?: number;
  /** Without a beat for so long, a node is taken for dead, in milliseconds. Longer than a pause for garbage, shorter than a lease. @defaultValue 3000 */
  lostMs?: number;
  /** A clock that never goes back, in milliseconds. @defaultValue performance.now */
  steadyNow?: () => number;
}

export interface NodeLoad {
  streams: number;
  followers: number;
}

export interface Nodes {
  /** Those that work, this one included, in the order of their names. */
  readonly liveIds: readonly string[];
  /** Whether a generation that nobody works on is for this node to take up. */
  isMine(generationId: string): boolean;
  /** What is open at the others, as they said last. */
  readonly othersLoad: NodeLoad;
  /** Whether this is the first of the live ones: what one of them is to do for all is its work. */
  readonly isFirst: boolean;
  /** Says at once that this node takes nothing up any more. */
  leave(): Promise<void>;
}

/** Rows of nodes that have been silent for so long are removed. */
const forgetMs = 60_000;

/** Settles when this node is known to the others. @throws if the database does not answer. */
export async function joinNodes(options: NodesOptions): Promise<Nodes> {
  const { store, id, check, countStreams, report, beatMs = 1000, lostMs = 3000 } = options;
  const { steadyNow = () => performance.now() } = options;
  const seen = new Map<string, { row: NodeRow; changedMs: number }>();
  let beat = 0;
  let live: NodeRow[] = [];
  let hasLeft = false;
  let beating: Promise<void> | undefined;

  async function say(): Promise<void> {
    await check();
    if (hasLeft) return;
    beat += 1;
    await store.beat({ id, beat, ...countStreams() });
  }

  async function look(): Promise<void> {
    const rows = await store.list();
    const nowMs = steadyNow();
    for (const row of rows) {
      const known = seen.get(row.id);
      // A node that is new here counts as one that works until it has been silent for long enough.
      seen.set(row.id, known?.row.beat === row.beat ? known : { row, changedMs: nowMs });
    }
    const listed = new Set(rows.map((row) => row.id));
    for (const known of seen.keys()) if (!listed.has(known)) seen.delete(known);
    const silentMs = (row: NodeRow): number => nowMs - (seen.get(row.id)?.changedMs ?? nowMs);
    live = rows.filter((row) => row.id !== id && silentMs(row) < lostMs);
    await store.remove(rows.filter((row) => row.id !== id && silentMs(row) > forgetMs).map((row) => row.id));
  }

  /** One after the other, so that a database that comes back is not asked by all that waited for it. */
  function tick(): void {
    beating ??= say()
      .then(look)
      .catch((error: unknown) => report("this node could not say that it works", error))
      .finally(() => (beating = undefined));
  }

  await say();
  await look();
  const timer = setInterval(tick, beatMs).unref();

  const nodes: Nodes = {
    get liveIds() {
      return [...live.map((row) => row.id), ...(hasLeft ? [] : [id])].toSorted();
    },
    isMine: (generationId) => !hasLeft && chooseNode(generationId, nodes.liveIds) === id,
    get othersLoad() {
      return live.reduce(
        (sum, { streams, followers }) => ({ streams: sum.streams + streams, followers: sum.followers + followers }),
        { streams: 0, followers: 0 },
      );
    },
    get isFirst() {
      return nodes.liveIds[0] === id;
    },
    async leave() {
      hasLeft = true;
      clearInterval(timer);
      await beating;
      await store.remove([id]).catch((error: unknown) => report("this node could not say that it goes", error));
    },
  };
  return nodes;
}
