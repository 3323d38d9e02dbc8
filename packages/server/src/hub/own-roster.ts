/** The roster of a store that this process has for itself. Used by hub where the log's driver offers none. */
import type { RecordLog, Roster } from "@typebar/log";

export function openOwnRoster(log: RecordLog): Roster {
  const said = new Map<string, () => string>();
  const toldLast = new Map<string, string>();

  function note(logId: string, told: string): void {
    if (told === "") toldLast.delete(logId);
    else toldLast.set(logId, told);
  }

  return {
    say(logId, text) {
      if (text) said.set(logId, text);
      else said.delete(logId);
    },
    async look(logId) {
      const text = said.get(logId);
      const sinceToldMs = Number.POSITIVE_INFINITY;
      return { told: toldLast.get(logId) ?? "", sinceToldMs, notes: text ? [text()] : [] };
    },
    async tell(logId, payload, { told, next }) {
      if ((toldLast.get(logId) ?? "") !== told) return false;
      note(logId, next);
      try {
        await log.append(logId, "any", [payload]);
      } catch (error) {
        note(logId, told);
        throw error;
      }
      return true;
    },
    async leave() {
      said.clear();
    },
  };
}
