import { describe, expect, test } from "vitest";
import { encodeComment, encodeEvent, EncodeError, encodeEventText, encodeRetry } from "../src/index.ts";

const decode = (bytes: Uint8Array): string => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

function codeOf(encode: () => unknown): string | undefined {
  try {
    encode();
    return undefined;
  } catch (error) {
    if (error instanceof EncodeError) return error.code;
    throw error;
  }
}

describe("encodeEvent", () => {
  test("writes event, data, id, and the blank line, in this order", () => {
    expect(decode(encodeEvent({ id: "g:1.3", event: "close", data: "[DONE]" }))).toBe(
      "event: close\ndata: [DONE]\nid: g:1.3\n\n",
    );
  });

  test("writes a default event without a name", () => {
    expect(encodeEventText({ data: "x" })).toBe("data: x\n\n");
    expect(encodeEventText({ data: "x", event: "message" })).toBe("data: x\n\n");
  });

  test("writes one data line for each line of the data, whatever ends them", () => {
    expect(encodeEventText({ data: "a\nb\rc\r\nd" })).toBe("data: a\ndata: b\ndata: c\ndata: d\n\n");
    expect(encodeEventText({ data: "" })).toBe("data: \n\n");
    expect(encodeEventText({ data: "\n\n" })).toBe("data: \ndata: \ndata: \n\n");
  });

  test("writes an empty ID, which makes the reader forget the last one", () => {
    expect(encodeEventText({ data: "x", id: "" })).toBe("data: x\nid: \n\n");
  });

  test("encodes UTF-8, and keeps NUL in data", () => {
    expect(decode(encodeEvent({ data: "你好 👋\0\uFEFF" }))).toBe("data: 你好 👋\0\uFEFF\n\n");
  });

  test.each(["a\nb", "a\rb", "a\r\n", "\0", "\uD83D", "id\n\ndata: injected"])("refuses %j as an ID", (id) => {
    expect(codeOf(() => encodeEvent({ data: "x", id }))).toBe("invalid-id");
  });

  test.each(["", "a\nb", "a\rb", "\0", "\uDC4B"])("refuses %j as an event name", (event) => {
    expect(codeOf(() => encodeEvent({ data: "x", event }))).toBe("invalid-event");
  });
});

describe("encodeComment", () => {
  test("writes one line and no blank line", () => {
    expect(decode(encodeComment("ping"))).toBe(": ping\n");
    expect(decode(encodeComment(""))).toBe(":\n");
  });

  test.each(["a\nb", "a\rb"])("refuses %j", (text) => {
    expect(codeOf(() => encodeComment(text))).toBe("invalid-comment");
  });
});

describe("encodeRetry", () => {
  test("writes one line and no blank line", () => {
    expect(decode(encodeRetry(0))).toBe("retry: 0\n");
    expect(decode(encodeRetry(2 ** 31 - 1))).toBe("retry: 2147483647\n");
  });

  test.each([-1, 1.5, 2 ** 31, Number.NaN, Infinity])("refuses %d", (retryMs) => {
    expect(codeOf(() => encodeRetry(retryMs))).toBe("invalid-retry");
  });
});
