import type { SearchResult } from "@typebar/chat-client";
import { describe, expect, it } from "vitest";
import { createSearch, snippetParts } from "../../src/conversation/search.ts";

function result(id: string): SearchResult {
  const conversation = { id, title: id, pinned: false, createdAt: "", updatedAt: "" };
  return { conversation, messageId: null, snippet: id, matches: [] };
}

/** A server that answers when the test says so. */
function openServer() {
  const asked: { question: string; answer: (results: SearchResult[]) => void; fail: () => void }[] = [];
  const search = createSearch((question) => {
    const { promise, resolve, reject } = Promise.withResolvers<{ results: SearchResult[] }>();
    asked.push({ question, answer: (results) => resolve({ results }), fail: () => reject(new Error("away")) });
    return promise;
  });
  const questions = (): string[] => asked.map(({ question }) => question);
  const ids = (): string[] => search.state.results.map(({ conversation }) => conversation.id);
  return { asked, search, questions, ids };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

describe("searching while somebody types", () => {
  it("asks at once, then for the last letters only, never for two at a time", async () => {
    const { asked, search, questions, ids } = openServer();
    for (const text of ["r", "ri", "ric", "rice"]) search.set(text);
    expect(questions()).toEqual(["r"]);
    asked[0]!.answer([result("r")]);
    await settle();
    expect(questions()).toEqual(["r", "rice"]);
    expect(ids()).toEqual(["r"]);
    asked[1]!.answer([result("rice")]);
    await settle();
    expect([questions(), ids()]).toEqual([["r", "rice"], ["rice"]]);
  });

  it("shows nothing more of what was emptied, and asks anew after it", async () => {
    const { asked, search, questions, ids } = openServer();
    search.set("old");
    search.set("  ");
    expect(search.state.phase).toBe("idle");
    asked[0]!.answer([result("old")]);
    await settle();
    expect([search.state.phase, ids()]).toEqual(["idle", []]);
    search.set("new");
    expect([questions(), search.state.phase]).toEqual([["old", "new"], "asking"]);
  });

  it("goes on after a failure, by what is typed next or by asking again", async () => {
    const { asked, search, ids } = openServer();
    search.set("a");
    asked[0]!.fail();
    await settle();
    expect(search.state.phase).toBe("failed");
    search.retry();
    asked[1]!.answer([result("a")]);
    await settle();
    expect([search.state.phase, ids()]).toEqual(["found", ["a"]]);
  });
});

describe("a snippet", () => {
  it("is cut where it is marked", () => {
    expect(
      snippetParts({
        snippet: "rain in Rome",
        matches: [
          [0, 4],
          [8, 12],
        ],
      }),
    ).toEqual([
      { text: "rain", marked: true },
      { text: " in ", marked: false },
      { text: "Rome", marked: true },
    ]);
    expect(snippetParts({ snippet: "none", matches: [] })).toEqual([{ text: "none", marked: false }]);
  });
});
