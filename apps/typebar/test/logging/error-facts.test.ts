/** What of an error is written: kind, code and place; never words that are not ours. */
import { ProviderError } from "@typebar/chat";
import { LogError } from "@typebar/log";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { toErrorFacts } from "../../src/logging/error-facts.ts";

const secret = "canary-7Qx";

function caught(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("an error", () => {
  test.each<[string, unknown]>([
    ["of JSON.parse, which quotes the text", caught(() => JSON.parse(`{"a": ${secret}`))],
    ["of Headers, which quotes the value", caught(() => new Headers({ a: `${secret}\n x` }))],
    ["with a cause that holds it", new Error("outer", { cause: new Error("inner", { cause: new Error(secret) }) })],
    [
      "with fields of its own",
      Object.assign(new Error("x"), { body: secret, code: secret, detail: secret, syscall: secret }),
    ],
    ["that has its name from elsewhere", Object.assign(new Error("x"), { name: `${secret} Error` })],
    ["whose words look like a place in the code", new Error(`x\n    at ${secret} (node:internal:1:1)\n    at y`)],
    [
      "whose words were changed after it was made",
      Object.assign(new Error(`${secret}\n    at ${secret}:1:1`), { message: "x" }),
    ],
    ["that is none", secret],
    ["that is an object", { message: secret, code: secret }],
    ["of many", new AggregateError([new Error(secret)], secret)],
  ])("%s keeps it to itself", (_name, error) => {
    expect(JSON.stringify(toErrorFacts(error))).not.toContain(secret);
  });

  test("says its kind, its code and where it came from", () => {
    const facts = toErrorFacts(Object.assign(new TypeError("x"), { code: "ERR_INVALID_ARG_TYPE", syscall: "open" }));
    expect(facts).toMatchObject({ type: "TypeError", code: "ERR_INVALID_ARG_TYPE" });
    expect(facts.stack?.[0]).toMatch(/^at .*error-facts\.test\.ts:\d+:\d+\)?$/u);
  });

  test("of SQLite says its number and what that stands for", () => {
    using database = new DatabaseSync(":memory:");
    const error = caught(() => database.exec(`SELECT ${secret.replaceAll("-", "_")} FROM nowhere`));
    expect(toErrorFacts(error)).toMatchObject({ code: "ERR_SQLITE_ERROR", errcode: 1, errstr: "SQL logic error" });
    expect(JSON.stringify(toErrorFacts(error))).not.toContain("canary");
  });

  test("of our own says its sentence", () => {
    expect(toErrorFacts(new LogError("unavailable", "The store does not answer"))).toMatchObject({
      message: "The store does not answer",
      code: "unavailable",
    });
    expect(
      toErrorFacts(new ProviderError("provider-unauthorized", "openai refused the API key (HTTP 401).")),
    ).toMatchObject({
      code: "provider-unauthorized",
    });
  });

  test("that is its own cause comes to an end", () => {
    const error = new Error("x");
    error.cause = error;
    expect(JSON.stringify(toErrorFacts(error)).length).toBeLessThan(20_000);
  });
});
