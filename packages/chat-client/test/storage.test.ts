import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createMemoryStorage, createWebStorage } from "../src/index.ts";

/** Web Storage as a browser has it, with room for so many characters. */
function openArea(room: number): Storage {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem(key, value) {
      if (value.length > room) throw new DOMException("full", "QuotaExceededError");
      items.set(key, value);
    },
    removeItem: (key) => void items.delete(key),
    clear: () => items.clear(),
  };
}

function give(area: PropertyDescriptor): void {
  Object.defineProperty(globalThis, "sessionStorage", { configurable: true, ...area });
}

let before: PropertyDescriptor | undefined;
beforeEach(() => {
  before = Object.getOwnPropertyDescriptor(globalThis, "sessionStorage");
});
afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(globalThis, "sessionStorage");
  else Object.defineProperty(globalThis, "sessionStorage", before);
});

describe("web storage", () => {
  it("keeps and forgets", () => {
    give({ value: openArea(100) });
    const storage = createWebStorage("session");
    storage.setItem("typebar:cursor:a", "one two");
    expect(createWebStorage("session").getItem("typebar:cursor:a")).toBe("one two");
    storage.removeItem("typebar:cursor:a");
    expect(storage.getItem("typebar:cursor:a")).toBeNull();
  });

  it("lets the oldest go, and leaves alone what is not its own", () => {
    const area = openArea(100);
    give({ value: area });
    area.setItem("draft", "mine");
    area.setItem("typebar:cursor:old", "1000 old");
    for (let index = 0; index < 20; index += 1) createWebStorage("session").setItem(`typebar:cursor:${index}`, "x");
    expect(area.length).toBe(17);
    expect(area.getItem("draft")).toBe("mine");
    expect(area.getItem("typebar:cursor:old")).toBeNull();
    expect(createWebStorage("session").getItem("typebar:cursor:19")).toBe("x");
  });

  it("keeps nothing where the browser forbids it", () => {
    give({
      get() {
        throw new DOMException("forbidden", "SecurityError");
      },
    });
    const storage = createWebStorage("session");
    storage.setItem("typebar:cursor:a", "x");
    expect(storage.getItem("typebar:cursor:a")).toBeNull();
  });
});

describe("memory", () => {
  it("keeps the newest sixteen", () => {
    const storage = createMemoryStorage();
    for (let index = 0; index < 17; index += 1) storage.setItem(String(index), "x");
    expect([storage.getItem("0"), storage.getItem("1"), storage.getItem("16")]).toEqual([null, "x", "x"]);
  });
});
