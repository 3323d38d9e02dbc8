import { describe, expect, it } from "vitest";
import { ariaKeys, keyNames, keysOf, shortcutOf, shortcuts } from "../../src/page/shortcuts.ts";
import type { KeyFacts } from "../../src/page/shortcuts.ts";

/** What a browser tells of "Alt+N", "Control+Shift+/", "?". */
function press(keys: string, facts: Partial<KeyFacts> = {}): KeyFacts {
  const names = keys.split("+");
  const key = names.at(-1) ?? "";
  return {
    key,
    code: /^[a-z]$/iu.test(key) ? `Key${key.toUpperCase()}` : "",
    altKey: names.includes("Alt"),
    ctrlKey: names.includes("Control"),
    metaKey: names.includes("Meta"),
    shiftKey: names.includes("Shift"),
    ...facts,
  };
}

const elsewhere = { isMac: false, isTyping: false, takesSingleKeys: true };
const mac = { ...elsewhere, isMac: true };

describe("a shortcut", () => {
  it("is Alt with a letter, also while something is written", () => {
    for (const isTyping of [false, true]) {
      expect(shortcutOf(press("Alt+n"), { ...elsewhere, isTyping })).toBe("new-chat");
      expect(shortcutOf(press("Alt+/"), { ...elsewhere, isTyping })).toBe("shortcuts");
      expect(shortcutOf(press("Control+k"), { ...elsewhere, isTyping })).toBe("search");
    }
  });

  it("is Control and Shift with it on a Mac, where Alt types letters", () => {
    expect(shortcutOf(press("Control+Shift+N"), mac)).toBe("new-chat");
    expect(shortcutOf(press("Control+Shift+?", { code: "Slash" }), mac)).toBe("shortcuts");
    expect(shortcutOf(press("Meta+k"), mac)).toBe("search");
    expect(shortcutOf(press("Alt+n"), mac)).toBeNull();
    expect(shortcutOf(press("Control+k"), mac)).toBeNull();
  });

  it("is found by its letter, and by its place where the alphabet has none", () => {
    expect(shortcutOf(press("Alt+т", { code: "KeyN" }), elsewhere)).toBe("new-chat");
    expect(shortcutOf(press("Alt+n", { code: "KeyB" }), elsewhere)).toBe("new-chat");
    expect(shortcutOf(press("Alt+b", { code: "KeyN" }), elsewhere)).toBeNull();
    expect(shortcutOf(press("Alt+Shift+/", { code: "Digit7" }), elsewhere)).toBe("shortcuts");
  });

  it("with a single key needs a place where nothing is written, and leave", () => {
    expect(shortcutOf(press("Shift+?"), elsewhere)).toBe("shortcuts");
    expect(shortcutOf(press("Shift+?"), { ...elsewhere, isTyping: true })).toBeNull();
    expect(shortcutOf(press("Shift+?"), { ...elsewhere, takesSingleKeys: false })).toBeNull();
  });

  it.each([
    ["a letter alone", press("n")],
    ["what AltGr types", press("Control+Alt+n")],
    ["the same with Shift", press("Alt+Shift+N")],
    ["the browser's own new window", press("Control+n")],
    ["another key for search", press("Control+Shift+K")],
    ["Escape, which closes what lies on top", press("Escape")],
  ])("is not %s", (_name, facts) => {
    expect(shortcutOf(facts, elsewhere)).toBeNull();
  });

  /** Alt with these opens a menu, or goes elsewhere, in Chrome, Edge and Firefox on Windows and Linux. */
  it("is none of the browser's own", () => {
    const own = shortcuts.filter(({ modifier }) => modifier === "own").map(({ key }) => key);
    expect(own.filter((key) => "bdefhstv".includes(key))).toEqual([]);
    expect(new Set(own).size).toBe(own.length);
  });
});

describe("the name of a key", () => {
  const search = shortcuts.find(({ name }) => name === "search")!;

  it("is that of the system", () => {
    expect(keyNames(search, false).map(({ shown }) => shown)).toEqual(["Ctrl", "K"]);
    expect(keyNames(search, true)).toEqual([
      { shown: "⌘", spoken: "Command" },
      { shown: "K", spoken: "K" },
    ]);
    expect([keysOf("new-chat", false), keysOf("new-chat", true)]).toEqual(["Alt+N", "⌃⇧N"]);
  });

  it("is told to assistive technology by the standard's words", () => {
    expect(ariaKeys("search", true)).toBe("Meta+K");
    expect(ariaKeys("search", false)).toBe("Control+K");
    expect(ariaKeys("shortcuts", false)).toBe("Alt+/ ?");
  });
});
