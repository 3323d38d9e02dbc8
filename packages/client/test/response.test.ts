import { expect, test } from "vitest";
import { judgeResponse, parseRetryAfter } from "../src/response.ts";

test.each([
  [200, "text/event-stream", "open"],
  [200, "Text/Event-Stream; charset=utf-8", "open"],
  [200, "text/event-stream ;x", "open"],
  [200, "text/event-streams", "wrong-content-type"],
  [200, "text/html", "wrong-content-type"],
  [200, null, "wrong-content-type"],
  [204, null, "over"],
  [201, "text/event-stream", "rejected"],
  [304, null, "rejected"],
  [400, null, "rejected"],
  [401, "text/event-stream", "rejected"],
  [403, null, "rejected"],
  [404, null, "rejected"],
  [409, null, "rejected"],
  [408, null, "unavailable"],
  [410, null, "rejected"],
  [422, null, "rejected"],
  [425, null, "unavailable"],
  [429, null, "unavailable"],
  [500, null, "unavailable"],
  [503, "text/event-stream", "unavailable"],
] as const)("%d with %s is %s", (status, contentType, verdict) => {
  expect(judgeResponse(status, contentType)).toBe(verdict);
});

const nowMs = Date.parse("2026-01-01T00:00:00Z");

test.each([
  [null, undefined],
  ["", 0],
  ["0", 0],
  ["120", 120_000],
  ["-5", 0],
  ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
  ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
  ["soon", undefined],
])("Retry-After %s is %s ms", (header, delayMs) => {
  expect(parseRetryAfter(header, nowMs)).toBe(delayMs);
});
