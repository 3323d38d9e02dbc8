/** What the reader has written but not sent, one text per conversation. Used by components/ComposerBox.vue. */

const prefix = "typebar.draft.";

export function takeDraft(storage: Storage, name: string): string {
  return storage.getItem(prefix + name) ?? "";
}

export function writeDraft(storage: Storage, name: string, text: string): void {
  if (text === "") storage.removeItem(prefix + name);
  else storage.setItem(prefix + name, text);
}
