/** `curl -N`: shows what comes as it comes, takes no cut for an end, and has the rest by an ID. */
import { spawn } from "node:child_process";
import { text as readText } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openFaultyProxy, scriptedAnswer } from "../../src/index.ts";
import { parseBlocks, type WireEvent } from "../faults/blocks.ts";
import { judge, wholeAnswer } from "../faults/verdict.ts";
import { type ClientWorld, openClientWorld } from "./client-world.ts";

let world: ClientWorld;
beforeAll(async () => void (world = await openClientWorld()));
afterAll(() => world[Symbol.asyncDispose]());

/** The exit code for a transfer that ended before it was complete. */
const partialFile = 18;

interface Curl {
  /** What it has printed so far. */
  events(): WireEvent[];
  exitCode: Promise<number | null>;
}

function curl(url: string, ...args: string[]): Curl {
  const child = spawn("curl", ["-sS", "-N", url, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  void readText(child.stderr);
  return {
    events: () => parseBlocks(Buffer.concat(pieces)),
    exitCode: new Promise((resolve) => child.on("close", resolve)),
  };
}

function ask(url: string, question: string): Curl {
  return curl(`${url}/api/chat`, "-H", "Content-Type: application/json", "-d", JSON.stringify({ message: question }));
}

/** The rest, from where somebody was cut off. */
function askForRest(events: readonly WireEvent[]): Curl {
  const lastEventId = events.at(-1)?.id ?? "";
  const [generationId] = lastEventId.split(":");
  return curl(`${world.server.url}/api/generations/${generationId}/events`, "-H", `Last-Event-ID: ${lastEventId}`);
}

describe("curl -N", () => {
  it("prints the whole answer and ends without an error", async () => {
    const question = "script:mixed:1:500 deltas:50";
    const asked = ask(world.server.url, question);
    expect(await asked.exitCode).toBe(0);
    expect(judge(asked.events())).toEqual(wholeAnswer(scriptedAnswer(question)));
  });

  it.each(["fin", "half-close"] as const)("fails when it is cut by %s, and has the rest by ID", async (cut) => {
    const question = `script:mixed:2:700:${cut} deltas:70 delay:4`;
    await using proxy = await openFaultyProxy({ target: world.server, seed: 1 });
    proxy.cutAfter(5000, cut);
    const asked = ask(proxy.url, question);
    expect(await asked.exitCode).toBe(partialFile);
    const rest = askForRest(asked.events());
    expect(await rest.exitCode).toBe(0);
    expect(judge([...asked.events(), ...rest.events()])).toEqual(wholeAnswer(scriptedAnswer(question)));
    world.expectAskedOnce(question);
  });

  it("fails when the server is killed, and has the rest by ID from the next one", async () => {
    const question = "script:mixed:3:600 deltas:60 delay:4 hold:30";
    const asked = ask(world.server.url, question);
    await expect.poll(() => asked.events().length).toBeGreaterThan(5);
    await world.restart();
    expect(await asked.exitCode).not.toBe(0);
    const rest = askForRest(asked.events());
    world.model.release(question);
    expect(await rest.exitCode).toBe(0);
    expect(judge([...asked.events(), ...rest.events()])).toEqual(wholeAnswer(scriptedAnswer(question)));
    world.expectAskedOnce(question, 1);
  });

  it("fails when a server that shuts down lets go of it, and has the rest by ID", async () => {
    const question = "script:mixed:4:600 deltas:60 delay:4 hold:30";
    const asked = ask(world.server.url, question);
    await expect.poll(() => asked.events().length).toBeGreaterThan(5);
    const ended = world.server.kill("SIGTERM");
    expect(await asked.exitCode).toBe(partialFile);
    world.model.release(question);
    expect(await ended).toBe(0);
    await world.server.start();
    const rest = askForRest(asked.events());
    expect(await rest.exitCode).toBe(0);
    expect(judge([...asked.events(), ...rest.events()])).toEqual(wholeAnswer(scriptedAnswer(question)));
    world.expectAskedOnce(question);
  });
});
