/** Messages -> turns -> groups: what has not changed stays the same object, however long the conversation is. */
import type { ChatMessage } from "@typebar/chat-client";
import { describe, expect, it } from "vitest";
import { toPlainText } from "../../src/page/plain-text.ts";
import { toTurns } from "../../src/page/transcript-turns.ts";
import { groupTurns, holdSameTurns, toGroups } from "../../src/page/turn-groups.ts";

function question(key: string): ChatMessage {
  return { role: "user", key, id: key, text: `Question ${key}`, files: [], siblingIds: [] };
}

function answer(key: string): ChatMessage {
  const parts = [{ type: "text" as const, id: "", text: `Answer ${key}` }];
  const given = {
    messageId: key,
    conversationId: "c",
    generationId: null,
    model: "",
    state: "completed" as const,
    code: null,
    finishReason: null,
    usage: null,
    errorText: "",
    parts,
    sources: [],
    thinking: null,
    durationMs: null,
    thoughtMs: null,
    closed: true,
  };
  return { role: "assistant", key, answer: given, siblingIds: [], live: false, joined: false, problem: null };
}

function conversation(turns: number): ChatMessage[] {
  return Array.from({ length: turns }, (_, turn) => [question(`q${turn}`), answer(`a${turn}`)]).flat();
}

describe("turns", () => {
  it("hold a question with what answers it", () => {
    const turns = toTurns([answer("a"), ...conversation(2), question("q2")], []);
    expect(turns.map(({ messages }) => messages.map(({ key }) => key))).toEqual([
      ["a"],
      ["q0", "a0"],
      ["q1", "a1"],
      ["q2"],
    ]);
  });

  it.each([
    ["the last answer grows", (all: ChatMessage[]) => all.with(119, answer("a59")), 59],
    ["the last question is answered", (all: ChatMessage[]) => [...all, answer("a60")], 59],
    ["one is asked", (all: ChatMessage[]) => [...all, question("q60")], 60],
    ["an old answer changes", (all: ChatMessage[]) => all.with(7, answer("a3")), 59],
    ["the end is deleted", (all: ChatMessage[]) => all.slice(0, -2), 59],
    ["another branch is chosen", (all: ChatMessage[]) => [...all.slice(0, 40), question("other")], 20],
  ])("stay the same when %s", (_, change, kept) => {
    const messages = conversation(60);
    const before = toTurns(messages, []);
    const changed = change(messages);
    const after = toTurns(changed, before);
    expect(after.flatMap((turn) => turn.messages)).toEqual(changed);
    expect(after.filter((turn) => before.includes(turn))).toHaveLength(kept);
  });
});

describe("groups of turns", () => {
  it("stay the same but for that in which something has changed", () => {
    const messages = conversation(groupTurns * 3 + 1);
    const turns = toTurns(messages, []);
    const before = toGroups(turns, []);
    expect(before.map((group) => group.turns.length)).toEqual([groupTurns, groupTurns, groupTurns, 1]);
    const spoken = toGroups(toTurns(messages.with(messages.length - 1, answer("a75")), turns), before);
    expect(spoken.map((group, index) => group === before[index])).toEqual([true, true, true, false]);
    expect(holdSameTurns(spoken, before)).toBe(true);
    const asked = toGroups(toTurns([...messages, question("q76")], turns), before);
    expect(holdSameTurns(asked, before)).toBe(false);
  });
});

it("far text has the words without the marks between them", () => {
  const markdown =
    "## A title\n\n- It **keeps** `foo_bar`, see [the docs](https://example.com/a).\n\n| a | b |\n|---|---|\n| 1 | 2 |";
  expect(toPlainText(markdown)).toBe("A title\n\nIt keeps foo_bar, see the docs.\n\n| a | b |\n\n| 1 | 2 |");
});
