/** The command lines of `ask` and `tail`, and where the question comes from. */
import { describe, expect, it } from "vitest";
import { parseAskOptions } from "../../src/cli/ask/ask-options.ts";
import { joinQuestion } from "../../src/cli/ask/question.ts";
import type { Surroundings } from "../../src/cli/server-access.ts";
import { parseTailOptions } from "../../src/cli/tail/tail-options.ts";

const nothing: Surroundings = { env: {}, readFile: (path) => `password of ${path}\n` };

function ask(argv: string[], env: Record<string, string> = {}): Record<string, unknown> {
  const command = parseAskOptions(argv, { ...nothing, env });
  return command.type === "ask" ? { ...command.options, baseUrl: command.options.baseUrl.href } : {};
}

function tail(argv: string[], env: Record<string, string> = {}): Record<string, unknown> {
  const command = parseTailOptions(argv, { ...nothing, env });
  return command.type === "tail" ? { ...command.options, url: command.options.url.href } : {};
}

describe("the command line of ask", () => {
  it("asks the Typebar of this machine unless another is named", () => {
    expect(ask(["Hello"])).toMatchObject({ baseUrl: "http://127.0.0.1:8787/", password: undefined, words: ["Hello"] });
  });

  it("takes flags over the environment", () => {
    const env = { TYPEBAR_URL: "http://env.example", TYPEBAR_PASSWORD: "of the environment" };
    expect(ask(["x"], env)).toMatchObject({ baseUrl: "http://env.example/", password: "of the environment" });
    expect(ask(["x", "--url", "https://flag.example/chat", "--password-file", "file"], env)).toMatchObject({
      baseUrl: "https://flag.example/chat/",
      password: "password of file",
    });
  });

  it.each([
    [["x", "--password", "a", "--password-file", "b"], "both given"],
    [["x", "--password", "a\u0000"], "without control characters"],
    [["x", "--url", "http://user:secret@example.com"], "must be one such as"],
    [["x", "--wait", "-1"], "--wait"],
    [["x", "--model"], "--model"],
  ])("refuses %j", (argv, sentence) => {
    expect(() => ask(argv)).toThrow(sentence);
  });
});

describe("the question", () => {
  it.each([
    { words: ["Hello", "you"], input: "", question: "Hello you" },
    { words: [], input: "From a pipe\n", question: "From a pipe" },
    { words: ["Explain:"], input: "a\nb\n", question: "Explain:\n\na\nb" },
    { words: ["Before", "-", "and", "after"], input: "text\r\n", question: "Before\n\ntext\n\nand after" },
    { words: ["-"], input: "text", question: "text" },
    { words: [], input: "\n", question: "" },
  ])("of $words and $input is $question", ({ words, input, question }) => {
    expect(joinQuestion(words, input)).toBe(question);
  });
});

describe("the command line of tail", () => {
  it("finds Typebar's own addresses below its own", () => {
    const env = { TYPEBAR_URL: "https://example.com/chat" };
    expect(tail(["/api/generations/G/events"], env)).toMatchObject({
      url: "https://example.com/chat/api/generations/G/events",
    });
  });

  it("sends the password to Typebar and to nobody else", () => {
    const env = { TYPEBAR_URL: "https://example.com", TYPEBAR_PASSWORD: "secret" };
    expect(tail(["https://example.com/x"], env)["headers"]).toEqual([["Authorization", "Bearer secret"]]);
    for (const url of [
      "https://example.org/x",
      "http://example.com/x",
      "https://example.com:8443/x",
      "//evil.example",
    ]) {
      expect(tail([url], env)["headers"], url).toEqual([]);
    }
  });

  it("sends the headers that are given", () => {
    const { headers } = tail(["http://example.com", "-H", "X-Token: a: b", "-H", "Accept:text/plain"]);
    expect(headers).toEqual([
      ["x-token", "a: b"],
      ["accept", "text/plain"],
    ]);
  });

  it.each([
    [[], "one address"],
    [["http://a", "http://b"], "one address"],
    [["file:///etc/passwd"], "no address"],
    [["http://a", "-H", "nonsense"], "NAME: VALUE"],
    [["http://a", "--silence", "soon"], "--silence"],
  ])("refuses %j", (argv, sentence) => {
    expect(() => tail(argv)).toThrow(sentence);
  });
});
