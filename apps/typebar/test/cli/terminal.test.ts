/** `typebar ask` and `typebar tail` in a real terminal, as a person uses them. */
import { resolve } from "node:path";
import {
  findFreePort,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  scriptedReasoning,
} from "@typebar/testing";
import type { ScriptedModel, TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliPath } from "./command.ts";
import { openTerminal } from "./terminal.ts";
import type { Terminal } from "./terminal.ts";

const launcherPath = resolve(import.meta.dirname, "../../bin/typebar.mjs");

let model: ScriptedModel;
let typebar: TypebarProcess;

beforeAll(async () => {
  model = await openScriptedModel();
  typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key" } });
});
afterAll(async () => {
  await typebar[Symbol.asyncDispose]();
  await model.close();
});

/** A shell in which `$TYPEBAR` is the command. */
function openShell(command = `${process.execPath} --conditions typebar-source ${cliPath}`): Terminal {
  return openTerminal({ TYPEBAR: command, TYPEBAR_URL: typebar.url });
}

/** How often the screen shows it. */
function count(screen: string, text: string): number {
  return screen.split(text).length - 1;
}

describe("typebar ask in a terminal", () => {
  it("types the exact answer once", async () => {
    using terminal = openShell();
    const question = "script:plain:51:1500 delay:1";
    terminal.run(`$TYPEBAR ask "${question}"; echo "code=$?"`);
    const screen = await terminal.waitFor(/code=0/u);
    expect(screen).toContain(scriptedAnswer(question));
    expect(count(screen, "plain-51: ")).toBe(1);
  });

  it("shows the reasoning above the answer", async () => {
    using terminal = openShell();
    const question = "script:plain:52:100 reasoning:80";
    terminal.run(`$TYPEBAR ask "${question}"; echo "code=$?"`);
    const screen = await terminal.waitFor(/code=0/u);
    expect(screen).toContain(`${scriptedReasoning(question)}\n${scriptedAnswer(question)}`);
  });

  it("asks what is typed", async () => {
    using terminal = openShell();
    const question = "script:plain:53:100";
    terminal.run("$TYPEBAR ask");
    await terminal.waitFor(/Ctrl-D/u);
    terminal.run(question);
    terminal.press("C-d");
    await terminal.waitFor(/plain-53: /u);
    expect(model.count(question)).toBe(1);
  });

  it("shows the exact answer once when the server is killed in mid-answer and started again", async () => {
    using terminal = openShell();
    const question = "script:plain:54:1200 hold:60";
    terminal.run(`$TYPEBAR ask "${question}"; echo "code=$?"`);
    await terminal.waitFor(/plain-54: /u);
    await typebar.kill();
    model.release(question);
    await typebar.start();
    const screen = await terminal.waitFor(/code=0/u);
    expect(screen).toContain(scriptedAnswer(question));
    expect(count(screen, "plain-54: ")).toBe(1);
    expect(model.requests.filter(({ key, kind }) => key === question && kind === "start").length).toBe(1);
  });

  it.each([
    { name: "the command", openIt: () => openShell() },
    { name: "its launcher", openIt: () => openShell(`${process.execPath} ${launcherPath}`) },
  ])("stops the answer at Ctrl-C, started by $name", async ({ name, openIt }) => {
    using terminal = openIt();
    const question = `script:plain:55:1000 hold:20 ${name}`;
    terminal.run(`$TYPEBAR ask "${question}"; echo "code=$?"`);
    await terminal.waitFor(/plain-55: /u);
    terminal.press("C-c");
    await terminal.waitFor(/Stopped\.\ncode=130/u);
    await model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
  });

  it("leaves at a second Ctrl-C, also where nobody hears the first", async () => {
    using terminal = openShell();
    const question = "script:plain:56:1000 hold:20";
    terminal.run(`$TYPEBAR ask "${question}"; echo "code=$?"`);
    await terminal.waitFor(/plain-56: /u);
    await typebar.kill();
    terminal.press("C-c");
    await terminal.waitFor(/cannot be reached to stop the answer/u);
    terminal.press("C-c");
    await terminal.waitFor(/Left; the answer goes on at the server\.\ncode=130/u);
    await typebar.start();
  });

  it("leaves at the first Ctrl-C where no server has answered", async () => {
    using terminal = openShell();
    terminal.run(`$TYPEBAR ask --url http://127.0.0.1:${await findFreePort()} Hello; echo "code=$?"`);
    await terminal.waitFor(/cannot be reached/u);
    terminal.press("C-c");
    await terminal.waitFor(/code=130/u);
  });
});

describe("typebar tail in a terminal", () => {
  it("prints each event once with its time and ID, over a kill of the server, to the end", async () => {
    const question = "script:plain:57:600 hold:20 deltas:40";
    const response = await fetch(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message: question }),
    });
    const generationId = response.headers.get("Typebar-Generation") ?? "";
    await response.body?.cancel();
    using terminal = openShell();
    terminal.run(`$TYPEBAR tail /api/generations/${generationId}/events; echo "code=$?"`);
    await terminal.waitFor(/"delta":"plain-57/u);
    await typebar.kill();
    await terminal.waitFor(/Trying again/u);
    model.release(question);
    await typebar.start();
    const screen = await terminal.waitFor(/code=0/u);
    const lines = Array.from(screen.matchAll(/^\d\d:\d\d:\d\d\.\d{3} {2}(\S+:\d\.(\d+)) {2}(\S+) {2}(.+)$/gmu));
    const seqs = lines.map(([, , seq]) => Number(seq));
    expect(seqs).toEqual([...new Set(seqs)].sort((left, right) => left - right));
    expect(
      lines
        .map(([, , , , data = ""]) =>
          /^\{"type":"text-delta".*\}$/u.test(data.trimEnd()) ? (JSON.parse(data) as { delta: string }).delta : "",
        )
        .join(""),
    ).toBe(scriptedAnswer(question));
    expect(lines.at(-1)?.slice(3)).toEqual(["close", "[DONE]"]);
    expect(screen).toContain("The server says that there is nothing more.");
  });

  it("is ended by Ctrl-C", async () => {
    using terminal = openShell();
    terminal.run(`$TYPEBAR tail http://127.0.0.1:${await findFreePort()}/`);
    await terminal.waitFor(/cannot be reached \(ECONNREFUSED\)\. Trying again/u);
    terminal.press("C-c");
    terminal.run('echo "code=$?"');
    await terminal.waitFor(/code=130/u);
  });
});
