/** Starts that cannot be: each ends with one sentence that says what to do, exit code 1, and nothing changed. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openTypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EndedRun, runTypebar } from "./run-typebar.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "typebar-start-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function newFolder(name: string): string {
  const folder = join(dir, name);
  mkdirSync(folder);
  return folder;
}

function expectOneSentence({ code, stdout, stderr }: EndedRun, sentence: RegExp): void {
  expect(stderr).toMatch(sentence);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).not.toMatch(/ at .*:\d+:\d+|"level"/);
  expect(stdout).toBe("");
  expect(code).toBe(1);
}

test("says that the port is in use", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  expectOneSentence(
    await runTypebar({ PORT: String(port), TYPEBAR_DATA: newFolder("port") }),
    new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use\\..*PORT`),
  );
  other.close();
});

test("says that this machine has no such address", async () => {
  const env = { HOST: "192.0.2.1", TYPEBAR_PASSWORD: "secret", TYPEBAR_DATA: newFolder("address") };
  expectOneSentence(await runTypebar(env), /^This machine has no address 192\.0\.2\.1\..*HOST/);
});

test("refuses an address that other machines reach without a password", async () => {
  const folder = join(dir, "open");
  expectOneSentence(await runTypebar({ HOST: "0.0.0.0", TYPEBAR_DATA: folder }), /TYPEBAR_PASSWORD must be set/);
  expect(readdirSync(dir)).not.toContain("open");
});

test("says that the data folder cannot be written to, where a file stands in its place", async () => {
  const file = join(dir, "a-file");
  writeFileSync(file, "not a folder");
  for (const folder of [file, join(file, "below"), join(file, "far", "below")]) {
    const ended = await runTypebar({ TYPEBAR_DATA: folder });
    expectOneSentence(ended, /^The data folder .*a-file.* cannot be made: a file has its name.* Set TYPEBAR_DATA/);
    expect(ended.stderr).not.toMatch(/E[A-Z]{4,}|log\.db/);
  }
  expect(readFileSync(file, "utf8")).toBe("not a folder");
});

test("says that another one uses the data folder, and leaves that one alone", async () => {
  await using first = await openTypebarProcess();
  const second = await runTypebar({ TYPEBAR_DATA: first.dataDir });
  expectOneSentence(second, /^Another Typebar is using the data folder .*TYPEBAR_DATA/);
  expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
});

function otherDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE precious (a); INSERT INTO precious VALUES (1)");
  database.close();
}

describe("a damaged file", () => {
  /** The data of a server that was used and ended. */
  let used: string;
  beforeAll(async () => {
    used = newFolder("used");
    await using typebar = await openTypebarProcess({ dataDir: used });
    for (let index = 0; index < 20; index++) {
      await fetch(`${typebar.url}/api/conversations`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ title: "x".repeat(200) }),
      });
    }
    expect(await typebar.kill("SIGTERM")).toBe(0);
  });

  test.each<[name: string, file: "typebar.db" | "log.db", spoil: (path: string) => void]>([
    ["that is no database", "typebar.db", (path) => writeFileSync(path, "hello, ".repeat(1000))],
    ["that is no database", "log.db", (path) => writeFileSync(path, "hello, ".repeat(1000))],
    ["of another program", "typebar.db", otherDatabase],
    ["of another program", "log.db", otherDatabase],
    [
      "whose pages are broken",
      "typebar.db",
      (path) => writeFileSync(path, readFileSync(join(used, "typebar.db")).fill(0xaa, 4096 + 8, 8 * 4096)),
    ],
    [
      "whose pages are broken",
      "log.db",
      (path) => writeFileSync(path, readFileSync(join(used, "log.db")).fill(0xaa, 4096 + 8)),
    ],
    [
      "that was cut off",
      "log.db",
      (path) => writeFileSync(path, readFileSync(join(used, "log.db")).subarray(0, 4096 + 100)),
    ],
    [
      "that was cut off",
      "typebar.db",
      (path) => writeFileSync(path, readFileSync(join(used, "typebar.db")).subarray(0, 3 * 4096 + 100)),
    ],
  ])("%s (%s) is named, and not changed by a byte", async (name, file, spoil) => {
    const folder = newFolder(`${name.replaceAll(" ", "-")}-${file}`);
    spoil(join(folder, file));
    const before = readFileSync(join(folder, file));
    expectOneSentence(
      await runTypebar({ TYPEBAR_DATA: folder }),
      new RegExp(
        `${file.replace(".", "\\.")} (is damaged; nothing in it was changed|is not a Typebar (database|log))\\. Restore a backup, or move it away to start without it: docs/`,
      ),
    );
    expect(readFileSync(join(folder, file)).equals(before)).toBe(true);
  });
});

test("tells what it does, where, and that only the guide answers", async () => {
  await using typebar = await openTypebarProcess();
  expect(typebar.output).toMatch(/^Typebar is at http:\/\/127\.0\.0\.1:\d+\n/);
  expect(typebar.output).toContain("not a language model");
  expect(typebar.output).toContain(`Conversations are kept in ${typebar.dataDir}`);
});
