/**
 * Turns -> groups of neighbours: what is far from the view is passed over by the group, by Vue and by the browser. Pure;
 * a group whose turns have not changed stays the same object. Used by components/TranscriptView.vue.
 */
import type { Turn } from "./transcript-turns.ts";

export interface TurnGroup {
  key: string;
  turns: readonly Turn[];
}

export const groupTurns = 25;

export function toGroups(turns: readonly Turn[], before: readonly TurnGroup[]): TurnGroup[] {
  return Array.from({ length: Math.ceil(turns.length / groupTurns) }, (_, index) => {
    const own = turns.slice(index * groupTurns, (index + 1) * groupTurns);
    const old = before[index];
    const isSame = old?.turns.length === own.length && old.turns.every((turn, at) => turn === own[at]);
    return isSame ? old : { key: own[0]?.key ?? "", turns: own };
  });
}

/** Whether they hold the same turns, though something may have been said in one. */
export function holdSameTurns(groups: readonly TurnGroup[], others: readonly TurnGroup[]): boolean {
  if (groups.length !== others.length) return false;
  return groups.every((group, index) => {
    const other = others[index];
    if (group === other) return true;
    return (
      other?.turns.length === group.turns.length && group.turns.every(({ key }, at) => key === other.turns[at]?.key)
    );
  });
}
