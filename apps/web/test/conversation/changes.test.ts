import type { ConversationChange, ConversationSummary } from "@typebar/chat-client";
import { describe, expect, it } from "vitest";
import { isOfMessages } from "../../src/conversation/changes.ts";

const summary: ConversationSummary = {
  id: "c",
  title: "Title",
  pinned: false,
  createdAt: "2026-01-01T00:00:00.000Z",
  updatedAt: "2026-01-01T00:00:01.000Z",
};

function change(generationId: string | null, more: Partial<ConversationSummary> = {}): ConversationChange {
  return { conversation: { ...summary, ...more }, generationId };
}

const idle = { busy: false, newest: "g1" };

describe("a change of a conversation that is shown", () => {
  it("is of its messages if an answer runs that is not shown yet", () => {
    expect(isOfMessages(undefined, change("g2"), idle)).toBe(true);
    expect(isOfMessages(change(null), change("g2"), idle)).toBe(true);
    expect(isOfMessages(change("g1"), change("g2"), { busy: true, newest: "g1" })).toBe(true);
  });

  it("is nothing new to the page that asked, or follows", () => {
    expect(isOfMessages(undefined, change("g1"), { busy: true, newest: "g1" })).toBe(false);
    expect(isOfMessages(undefined, change("g1"), { busy: true, newest: null })).toBe(false);
    expect(isOfMessages(change("g1"), change(null), { busy: true, newest: "g1" })).toBe(false);
    expect(isOfMessages(change("g1"), change(null), idle)).toBe(false);
    expect(isOfMessages(change(null), change("g1"), idle)).toBe(false);
  });

  it("is of its messages if an answer has ended that was not read here", () => {
    expect(isOfMessages(change("g2"), change(null), idle)).toBe(true);
    expect(isOfMessages(change("g2"), change(null), { busy: false, newest: null })).toBe(true);
  });

  it("is not of its messages if only the name or the pin is another", () => {
    expect(isOfMessages(change(null), change(null, { title: "Other" }), idle)).toBe(false);
    expect(isOfMessages(change(null), change(null, { pinned: true }), idle)).toBe(false);
    expect(isOfMessages(change(null), change(null, { pinned: true, updatedAt: "2027" }), idle)).toBe(true);
  });

  it("may be of its messages if nothing else is", () => {
    expect(isOfMessages(change(null), change(null), idle)).toBe(true);
    expect(isOfMessages(undefined, change(null), idle)).toBe(true);
  });
});
