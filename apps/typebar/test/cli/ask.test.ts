/** `typebar ask` with its output in a pipe, against the whole program and a scripted model. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  findFreePort,
  openFaultyProxy,
  openScriptedModel,
  openTypebarProcess,
  scriptedAnswer,
  scriptedReasoning,
} from "@typebar/testing";
import type { ScriptedModel, TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCommand, runCommand } from "./command.ts";

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

/** As it is written: the answer, ended by a line end. */
function written(question: string): string {
  return scriptedAnswer(question).replace(/\n?$/u, "\n");
}

function ask(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand({ args: ["ask", ...args], env: { TYPEBAR_URL: typebar.url } });
}

describe("typebar ask", () => {
  it("writes the exact answer and a line end, and nothing else", async () => {
    const question = "script:mixed:11:2000 reasoning:100";
    expect(await ask(question)).toEqual({ code: 0, stdout: written(question), stderr: "" });
  });

  it("asks what stands on standard input", async () => {
    const question = "script:plain:12:300";
    const run = await runCommand({ args: ["ask", "--url", typebar.url], stdin: `${question}\n` });
    expect(run).toEqual({ code: 0, stdout: written(question), stderr: "" });
    expect(model.count(question)).toBe(1);
  });

  it("puts standard input where `-` stands", async () => {
    const question = "Look at this:\n\nscript:plain:13:50\n\nShort!";
    const run = await runCommand({
      args: ["ask", "Look", "at this:", "-", "Short!", "--url", typebar.url],
      stdin: "script:plain:13:50\n",
    });
    expect(run.stdout).toBe(written(question));
    expect(model.count(question)).toBe(1);
  });

  it("gives each event as a line of JSON", async () => {
    const question = "script:mixed:14:300 reasoning:50";
    const { code, stdout } = await ask("--json", question);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split("\n");
    const events = lines.map(
      (line) => JSON.parse(line) as { id: string; event: string; data: { type?: string; delta?: string } },
    );
    const join = (type: string): string =>
      events.flatMap(({ data }) => (data.type === type ? [data.delta] : [])).join("");
    expect(join("text-delta")).toBe(scriptedAnswer(question));
    expect(join("reasoning-delta")).toBe(scriptedReasoning(question));
    expect(events.at(-1)).toEqual({ id: expect.stringMatching(/:1\.\d+$/u) as string, event: "close", data: "[DONE]" });
  });

  it("goes on with a conversation", async () => {
    const first = "script:plain:15:50";
    const { stdout } = await ask("--json", first);
    const { conversationId } = (
      JSON.parse(stdout.split("\n")[0] ?? "") as { data: { messageMetadata: { conversationId: string } } }
    ).data.messageMetadata;
    const { code } = await ask("--conversation", conversationId, "script:plain:16:50");
    expect(code).toBe(0);
    const response = await fetch(`${typebar.url}/api/conversations/${conversationId}`);
    const { messages } = (await response.json()) as { messages: unknown[] };
    expect(messages.length).toBe(4);
  });

  it("comes through a connection that is cut again and again", async () => {
    await using proxy = await openFaultyProxy({
      target: typebar,
      seed: 17,
      plan: (connection) => (connection > 2 ? {} : { cutAfterBytes: 3000 + connection }),
    });
    const question = "script:mixed:17:4000 delay:2";
    const run = await runCommand({ args: ["ask", "--url", proxy.url, question] });
    expect(run).toEqual({ code: 0, stdout: written(question), stderr: "" });
    expect(proxy.counts.cuts).toBeGreaterThan(1);
    expect(model.count(question)).toBe(1);
  });

  it("asks once, also where the answer is cut before its first byte", async () => {
    await using proxy = await openFaultyProxy({
      target: typebar,
      seed: 18,
      plan: (connection) => (connection === 1 ? { cutAfterBytes: 1 } : {}),
    });
    const question = "script:plain:24:300";
    const { code, stdout } = await runCommand({ args: ["ask", "--url", proxy.url, question] });
    expect([code, stdout]).toEqual([0, written(question)]);
    expect(proxy.counts).toMatchObject({ connections: 2, cuts: 1 });
    expect(model.count(question)).toBe(1);
  });

  it("leaves quietly where nobody reads its output any more", async () => {
    const question = "script:plain:25:400 delay:5";
    await using command = openCommand({ args: ["ask", "--url", typebar.url, question] });
    await command.waitForOutput("plain-25");
    command.closeOutput();
    expect([await command.ended, command.stderr]).toEqual([141, ""]);
  });

  it("goes on where it was after kill -9 of the server, and asks once", async () => {
    const question = "script:mixed:18:1000 hold:40";
    await using command = openCommand({ args: ["ask", "--url", typebar.url, question] });
    await command.waitForOutput("mixed-18");
    await typebar.kill();
    model.release(question);
    await typebar.start();
    expect(await command.ended).toBe(0);
    expect(command.stdout).toBe(written(question));
    expect(model.requests.filter(({ key, kind }) => key === question && kind === "start").length).toBe(1);
    expect(model.violations).toEqual([]);
  });

  it("stops the answer at SIGINT, keeps what was written, and ends with 130", async () => {
    const question = "script:plain:19:1000 hold:20";
    await using command = openCommand({ args: ["ask", "--url", typebar.url, question] });
    await command.waitForOutput("plain-19");
    command.send("SIGINT");
    expect(await command.ended).toBe(130);
    expect(command.stderr).toBe("Stopped.\n");
    expect(scriptedAnswer(question).startsWith(command.stdout.trimEnd())).toBe(true);
    await model.waitFor(({ key, outcome }) => key === question && outcome === "aborted");
  });

  it("says why an answer failed, and ends with 1", async () => {
    expect(await ask("script:plain:20:50 fault:500")).toEqual({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^The answer failed: .+ \(provider-unavailable\)\.\n$/u) as string,
    });
  });

  it("keeps what came of an answer that failed in its middle", async () => {
    const { code, stdout, stderr } = await ask("script:plain:21:500 fault:error-midstream");
    expect([code, stderr]).toEqual([1, expect.stringContaining("The answer failed: ")]);
    expect(stdout).toMatch(/^plain-21: [^]*\n$/u);
  });

  it.each([
    { args: ["--model", "no/such", "x"], code: 1, says: "(unknown-model)" },
    { args: ["--conversation", "AAAAAAAAAAAAAAAAAAAA", "x"], code: 1, says: "(not-found)" },
    { args: ["--colour", "x"], code: 2, says: "--colour" },
    { args: ["--wait", "long", "x"], code: 2, says: "--wait" },
    { args: ["--url", "ftp://x", "x"], code: 2, says: "ftp://x" },
    { args: [], code: 2, says: "There is no question" },
  ])("refuses $args with $code", async ({ args, code, says }) => {
    const run = await ask(...args);
    expect({ ...run, stderr: "" }).toEqual({ code, stdout: "", stderr: "" });
    expect(run.stderr).toContain(says);
  });

  it("gives up on a server that is not there", async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;
    const run = await ask("--url", url, "--wait", "0", "x");
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`${url} cannot be reached (ECONNREFUSED).`);
  });
});

describe("typebar ask, where a password is wanted", () => {
  it("takes it from the environment, a file or a flag, and says so if it lacks", async () => {
    const password = "pässwörd";
    const folder = await mkdtemp(join(tmpdir(), "typebar-cli-"));
    await writeFile(join(folder, "password"), `${password}\n`);
    await using locked = await openTypebarProcess({
      env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_PASSWORD: password },
    });
    const question = "script:plain:30:50";
    const args = ["ask", "--url", locked.url, question];
    const [bare, variable, file, flag] = await Promise.all([
      runCommand({ args }),
      runCommand({ args, env: { TYPEBAR_PASSWORD: password } }),
      runCommand({ args, env: { TYPEBAR_PASSWORD_FILE: join(folder, "password") } }),
      runCommand({ args: [...args, "--password", password] }),
    ]);
    await rm(folder, { recursive: true });
    expect([bare.code, bare.stderr]).toEqual([1, expect.stringContaining("wants a password: set TYPEBAR_PASSWORD")]);
    for (const run of [variable, file, flag]) expect(run.stdout).toBe(written(question));
  });
});
