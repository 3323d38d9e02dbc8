/** `typebar tail` with its output in a pipe, on event streams that are not Typebar's. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand } from "./command.ts";

let url: string;
let seen: IncomingHttpHeaders[];
let answers: ((response: ServerResponse) => void)[];

const server = createServer((request, response) => {
  seen.push(request.headers);
  const answer = answers.shift();
  if (answer) answer(response);
  else response.writeHead(204).end();
});

beforeEach(async () => {
  [seen, answers] = [[], []];
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, "close");
});

function send(text: string, cut = false): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(text, () => (cut ? response.destroy() : response.end()));
  };
}

const time = String.raw`\d\d:\d\d:\d\d\.\d{3}`;

describe("typebar tail", () => {
  it("prints time, ID, name and data, and goes on after a cut with the last ID", async () => {
    answers = [
      send("retry: 1\n\nid: 1\ndata: one\n\nevent: more\nid: 2\ndata: two\ndata: lines\n\nid: 3\ndata: ha", true),
      send("id: 3\ndata: half\n\n"),
    ];
    const { code, stdout, stderr } = await runCommand({ args: ["tail", url, "-H", "X-Token: abc"] });
    expect(code).toBe(0);
    expect(stdout).toMatch(
      new RegExp(
        `^${time} {2}1 {2}message {2}one\n${time} {2}2 {2}more {2}two\n {2}lines\n${time} {2}3 {2}message {2}half\n$`,
        "u",
      ),
    );
    expect(seen.map((headers) => [headers["x-token"], headers["last-event-id"]])).toEqual([
      ["abc", undefined],
      ["abc", "2"],
      ["abc", "3"],
    ]);
    expect(stderr).toContain("Trying again in");
  });

  it("begins after a given ID, and gives lines of JSON", async () => {
    answers = [send('retry: 1\n\nevent: é\nid: 8\ndata: {"a":1}\n\n')];
    const { code, stdout } = await runCommand({ args: ["tail", url, "--json", "--last-event-id", "7"] });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.+Z$/u) as string,
      id: "8",
      event: "é",
      data: '{"a":1}',
    });
    expect(seen[0]?.["last-event-id"]).toBe("7");
  });

  it("says why an address is no event stream, and ends with 1", async () => {
    answers = [(response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<p>")];
    const { code, stdout, stderr } = await runCommand({ args: ["tail", url] });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`What answers at ${url} has no event stream there (status 200).`);
  });

  it("ends with 2 where it is not told what to follow", async () => {
    const { code, stderr } = await runCommand({ args: ["tail"] });
    expect([code, stderr]).toEqual([2, "Give one address to follow; typebar tail --help tells more.\n"]);
  });
});
