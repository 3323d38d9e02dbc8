/** What the reader has written but not sent, one text per conversation. Used by components/ComposerBox.vue. */

const prefix = "typebar.draft.";

export function takeDraft(storage: Storage, name: string): string {
  return storage.getItem(prefix + name) ?? "";
}

export function writeDraft(storage: Storage, name: string, text: string): void {
  try {
    if (text === "") storage.removeItem(prefix + name);
    else storage.setItem(prefix + name, text);
  } catch {
    // Larger than the browser keeps: it stands in the field all the same.
  }
}
