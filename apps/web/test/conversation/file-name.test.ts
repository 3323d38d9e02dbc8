import { expect, it } from "vitest";
import { toFileName } from "../../src/conversation/transfer.ts";

it.each([
  ["Rice: a/b?", "Rice a b"],
  ["..\\..\\etc/passwd", "etc passwd"],
  ["  .hidden. ", "hidden"],
  ["天气怎么样？", "天气怎么样？"],
  ["a\u202Egpj.exe\n", "a gpj.exe"],
  ["👨‍👩‍👧", "👨‍👩‍👧"],
  ["***", "typebar"],
  ["x".repeat(200), "x".repeat(80)],
])("a conversation named %j is saved as %j", (title, name) => {
  expect(toFileName(title)).toBe(name);
});
