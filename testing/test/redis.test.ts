import { fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { openRedis } from "../src/redis.ts";

async function open(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function say(port: number, command: string): Promise<string> {
  const socket = await open(port);
  socket.write(`${command}\r\n`);
  const [answer] = await once(socket, "data");
  socket.destroy();
  return String(answer).trim();
}

async function untilGone(port: number): Promise<void> {
  for (;;) {
    try {
      (await open(port)).destroy();
    } catch {
      return;
    }
    await sleep(20);
  }
}

test("is a real Redis that keeps what it wrote to disk over kill -9, and leaves nothing behind", async () => {
  const redis = await openRedis({ persistence: "always" });
  expect(await say(redis.port, "SET key 1")).toBe("+OK");
  const copy = redis.copyData();
  expect(await say(redis.port, "INCR key")).toBe(":2");
  await redis.restart();
  expect(await say(redis.port, "INCR key")).toBe(":3");
  await redis.restart({ data: copy });
  expect(await say(redis.port, "INCR key")).toBe(":2");
  await redis.kill();
  await untilGone(redis.port);
  await redis.restart({ data: "none" });
  expect(await say(redis.port, "INCR key")).toBe(":1");
  await redis.close();
  await untilGone(redis.port);
  await redis.close();
});

test("answers nothing while it is frozen, and then everything", async () => {
  await using redis = await openRedis();
  redis.freeze();
  let answer: string | undefined;
  const asking = say(redis.port, "PING").then((said) => (answer = said));
  await sleep(50);
  expect(answer).toBeUndefined();
  redis.unfreeze();
  expect(await asking).toBe("+PONG");
});

test("ends with a test process that was killed", async () => {
  const child = fork(new URL("hold-redis.ts", import.meta.url), { execArgv: ["--conditions", "typebar-source"] });
  const [port] = await once(child, "message");
  expect(await say(Number(port), "PING")).toBe("+PONG");
  child.kill("SIGKILL");
  await untilGone(Number(port));
});
