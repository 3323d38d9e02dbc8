import { fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { expect, test } from "vitest";
import { openPostgres } from "../src/postgres.ts";

function socketDirOf(url: string): string {
  return new URL(url).searchParams.get("host") ?? "";
}

async function untilGone(path: string): Promise<void> {
  while (existsSync(path)) await sleep(20);
}

test("is a real PostgreSQL that keeps text in any script, and leaves nothing behind", async () => {
  const postgres = await openPostgres();
  const client = new Client(postgres.url);
  await client.connect();
  const { rows } = await client.query("select version(), $1::text as text", ["打字机 🚪"]);
  expect(rows).toEqual([{ version: expect.stringMatching(/^PostgreSQL 1\d/), text: "打字机 🚪" }]);
  await client.end();
  await postgres.close();
  expect(existsSync(socketDirOf(postgres.url))).toBe(false);
  await postgres.close();
});

test("two at once do not meet", async () => {
  const [one, other] = await Promise.all([openPostgres(), openPostgres()]);
  expect(one.url).not.toBe(other.url);
  await Promise.all([one.close(), other.close()]);
});

test("ends with a test process that was killed", async () => {
  const child = fork(new URL("hold-postgres.ts", import.meta.url), { execArgv: ["--conditions", "typebar-source"] });
  const [url] = await once(child, "message");
  expect(existsSync(socketDirOf(url))).toBe(true);
  child.kill("SIGKILL");
  await untilGone(socketDirOf(url));
});
