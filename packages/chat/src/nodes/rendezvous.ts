/** Which of the live nodes takes up what another left. Every node comes to the same answer without asking another. */
import { createHash } from "node:crypto";

/** The node with the highest hash: each gets an even share, and a node that goes moves only what was its own. */
export function chooseNode(itemId: string, nodeIds: readonly string[]): string | undefined {
  let chosen: { id: string; score: bigint } | undefined;
  for (const id of nodeIds) {
    const score = createHash("sha256").update(`${id}\0${itemId}`).digest().readBigUInt64BE();
    if (!chosen || score > chosen.score) chosen = { id, score };
  }
  return chosen?.id;
}
