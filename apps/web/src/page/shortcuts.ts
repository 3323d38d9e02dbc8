/**
 * The keyboard shortcuts: which keys they are on which system, and what they are called there. Pure; heard in
 * AppFrame.vue, shown by ShortcutSheet.vue.
 *
 * Ctrl, or Cmd, with Shift and a letter belongs to some browser nearly everywhere, Ctrl with Alt types letters on many
 * keyboards, and Control with Option is VoiceOver's. What is left is Alt with a letter that opens no browser's menu,
 * and on a Mac, where Option types letters, Control with Shift.
 */

export type ShortcutName =
  | "new-chat"
  | "search"
  | "toggle-list"
  | "focus-composer"
  | "copy-answer"
  | "edit-question"
  | "undo"
  | "stop"
  | "shortcuts";

export interface Shortcut {
  readonly name: ShortcutName;
  /** As `KeyboardEvent.key` tells it, in lower case. */
  readonly key: string;
  /** `own`: Alt, on a Mac Control and Shift. `main`: Ctrl, on a Mac Cmd. */
  readonly modifier: "own" | "main" | "none";
}

export const shortcuts: readonly Shortcut[] = [
  { name: "new-chat", key: "n", modifier: "own" },
  { name: "search", key: "k", modifier: "main" },
  { name: "toggle-list", key: "l", modifier: "own" },
  { name: "focus-composer", key: "m", modifier: "own" },
  { name: "copy-answer", key: "c", modifier: "own" },
  { name: "edit-question", key: "r", modifier: "own" },
  { name: "undo", key: "z", modifier: "own" },
  { name: "stop", key: "escape", modifier: "none" },
  { name: "shortcuts", key: "/", modifier: "own" },
  { name: "shortcuts", key: "?", modifier: "none" },
];

export interface KeyFacts {
  key: string;
  /** The place of the key, for alphabets that have no such letter. */
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
}

export interface KeyContext {
  isMac: boolean;
  /** The key would be written somewhere. */
  isTyping: boolean;
  /** The reader lets single keys be shortcuts. */
  takesSingleKeys: boolean;
}

/** `stop` is not among the answers: Escape closes what lies on top first, which ChatPage.vue knows. */
export function shortcutOf(facts: KeyFacts, context: KeyContext): ShortcutName | null {
  const found = shortcuts.find((shortcut) => shortcut.name !== "stop" && isPressed(shortcut, facts, context));
  return found?.name ?? null;
}

function isPressed({ key, modifier }: Shortcut, facts: KeyFacts, context: KeyContext): boolean {
  const { altKey, ctrlKey, metaKey, shiftKey } = facts;
  if (modifier === "none") {
    return context.takesSingleKeys && !context.isTyping && facts.key === key && !altKey && !ctrlKey && !metaKey;
  }
  if (!isKey(key, facts)) return false;
  if (modifier === "main") {
    const isMain = context.isMac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
    return isMain && !altKey && !shiftKey;
  }
  if (context.isMac) return ctrlKey && shiftKey && !altKey && !metaKey;
  // On some keyboards a slash is typed with Shift.
  return altKey && !ctrlKey && !metaKey && (!shiftKey || key === "/");
}

function isKey(wanted: string, { key, code }: KeyFacts): boolean {
  if (wanted === "/") return key === "/" || (key === "?" && code === "Slash") || (!isAscii(key) && code === "Slash");
  return isAscii(key) ? key.toLowerCase() === wanted : code === `Key${wanted.toUpperCase()}`;
}

function isAscii(key: string): boolean {
  return /^[!-~]$/u.test(key);
}

export interface KeyName {
  shown: string;
  /** In full, for who hears it. */
  spoken: string;
}

export function keyNames({ key, modifier }: Shortcut, isMac: boolean): KeyName[] {
  const last = key === "escape" ? "Esc" : key.toUpperCase();
  return [...modifierNames(modifier, isMac), { shown: last, spoken: last }];
}

/** As `aria-keyshortcuts` wants them. */
export function ariaKeys(name: ShortcutName, isMac: boolean): string {
  return shortcuts
    .filter((shortcut) => shortcut.name === name)
    .map((shortcut) =>
      keyNames(shortcut, isMac)
        .map(({ spoken }) => ({ Ctrl: "Control", Command: "Meta", Esc: "Escape" })[spoken] ?? spoken)
        .join("+"),
    )
    .join(" ");
}

/** For a tooltip, such as "Alt N". */
export function keysOf(name: ShortcutName, isMac: boolean): string {
  const shortcut = shortcuts.find((one) => one.name === name);
  return shortcut === undefined
    ? ""
    : keyNames(shortcut, isMac)
        .map(({ shown }) => shown)
        .join(isMac ? "" : "+");
}

function modifierNames(modifier: Shortcut["modifier"], isMac: boolean): KeyName[] {
  if (modifier === "none") return [];
  if (modifier === "main") {
    return [isMac ? { shown: "⌘", spoken: "Command" } : { shown: "Ctrl", spoken: "Ctrl" }];
  }
  if (!isMac) return [{ shown: "Alt", spoken: "Alt" }];
  return [
    { shown: "⌃", spoken: "Control" },
    { shown: "⇧", spoken: "Shift" },
  ];
}

export function isMacLike({ platform }: { platform: string }): boolean {
  return /^(?:Mac|iPhone|iPad)/u.test(platform);
}
