import { describe, expect, it } from "vitest";
import { requestKind } from "../../src/offline/request-kind.ts";

const origin = "https://chat.example";

function kindOf(path: string, { method = "GET", mode = "cors", from = origin } = {}): string {
  return requestKind({ method, mode, url: from + path }, origin, ["/icon.svg"]);
}

describe("what the service worker answers", () => {
  it.each(["/", "/?source=app", "/c/abc_DEF-123"])("the page at %s", (path) => {
    expect(kindOf(path, { mode: "navigate" })).toBe("page");
  });

  it.each(["/sign-in", "/docs/en/guide.md", "/metrics", "/api/export", "/c/a/b", "/c/"])(
    "not the way to %s",
    (path) => {
      expect(kindOf(path, { mode: "navigate" })).toBe("other");
    },
  );

  it.each(["/assets/index-C1x_9-Zq.js", "/icon.svg"])("the file %s", (path) => {
    expect(kindOf(path)).toBe("file");
    expect(kindOf(path, { method: "POST" })).toBe("other");
    expect(kindOf(path, { from: "https://other.example" })).toBe("other");
  });

  it.each(["/api/chat", "/api/generations/abc/events", "/api/channels/events?channels=online", "/v1/models", "/sw.js"])(
    "nothing of %s",
    (path) => {
      for (const method of ["GET", "POST"]) expect(kindOf(path, { method })).toBe("other");
    },
  );
});
