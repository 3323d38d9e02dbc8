/** Every row of PROTOCOL.md#resume, on every way to an answer. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer } from "./answer.ts";
import { type Block, checkWhole, textOf, typesOf } from "./blocks.ts";
import { type ChatServer, openChatServer } from "./chat-server.ts";
import { echoOf, finish, say } from "./fake-provider.ts";

let chat: ChatServer;
beforeAll(async () => {
  chat = await openChatServer();
});
afterAll(() => chat[Symbol.asyncDispose]());

interface Way {
  name: string;
  starts: boolean;
  open: (question: string, answer: Answer, lastEventId: string, owner?: string) => Promise<Answer>;
}

const ways: Way[] = [
  {
    name: "POST /api/chat",
    starts: true,
    open: (message, _answer, id, owner = "alice") =>
      chat.open("/api/chat", { body: { message }, headers: { "Last-Event-ID": id, "x-owner": owner } }),
  },
  {
    name: "GET /api/chat",
    starts: true,
    open: (message, _answer, id, owner = "alice") =>
      chat.open(`/api/chat?${new URLSearchParams({ message }).toString()}`, {
        headers: { "Last-Event-ID": id, "x-owner": owner },
      }),
  },
  {
    name: "GET /api/chat/:conversationId/stream",
    starts: false,
    open: (_message, { conversationId }, id, owner = "alice") =>
      chat.open(`/api/chat/${conversationId}/stream`, { headers: { "Last-Event-ID": id, "x-owner": owner } }),
  },
  {
    name: "GET /api/generations/:id/events",
    starts: false,
    open: (_message, { generationId }, id, owner = "alice") =>
      chat.open(`/api/generations/${generationId}/events`, { headers: { "Last-Event-ID": id, "x-owner": owner } }),
  },
];

const requests = (): number => chat.provider.requests.length;
const idOf = (blocks: readonly Block[], type: string): string => blocks[typesOf(blocks).indexOf(type)]?.id ?? "";
const seqOf = (id: string): number => Number(id.split(".").at(-1));

/** The ID of a position of the same answer. */
function idAt(answer: Answer, epoch: number, seq: number): string {
  return `${answer.generationId}:${epoch}.${seq}`;
}

describe.each(ways)("$name", ({ name, starts, open }) => {
  test("goes on after each record that is not terminal, exactly", async () => {
    const question = `every record by ${name}`;
    const whole = await chat.ask(question);
    const before = requests();
    for (const [index, { id }] of whole.blocks.slice(0, -2).entries()) {
      const rest = await open(question, whole, id);
      expect(rest.status).toBe(200);
      const blocks = await rest.rest();
      expect(rest.ended()).toBe("whole");
      expect(blocks.every((block) => seqOf(block.id) > seqOf(id))).toBe(true);
      expect(blocks.at(-1)).toEqual(whole.blocks.at(-1));
      expect(textOf(whole.blocks.slice(0, index + 1)) + textOf(blocks)).toBe(echoOf(question));
    }
    expect(requests()).toBe(before);
  });

  test("after the terminal chunk says close alone, and after close nothing: 204", async () => {
    const question = `the end by ${name}`;
    const whole = await chat.ask(question);
    for (const expire of [false, true]) {
      if (expire) await chat.log.expire(whole.generationId, 0);
      const terminal = await open(question, whole, idOf(whole.blocks, "finish"));
      expect(await terminal.rest()).toEqual(whole.blocks.slice(-1));
      expect(terminal.ended()).toBe("whole");
      const over = await open(question, whole, idOf(whole.blocks, "close"));
      expect([over.status, await over.response.text()]).toEqual([204, ""]);
    }
  });

  test("of a log that has expired says so, then the stored message with the very same end", async () => {
    const question = `expired by ${name}`;
    chat.provider.script(question, async function* () {
      yield { type: "reasoning", text: "hm" };
      yield say("some ");
      yield { type: "source", sourceId: "s", url: "/docs/en/models.md" };
      yield say("text");
      yield finish;
    });
    const whole = await chat.ask(question);
    await chat.log.expire(whole.generationId, 0);
    for (const id of [whole.blocks[1]?.id ?? "", idAt(whole, 7, 3), idAt(whole, 1, 999)]) {
      const again = await open(question, whole, id);
      const [reset, ...stored] = await again.rest();
      expect(reset).toEqual({ event: "reset", reason: "expired", id: idAt(whole, 1, 0) });
      checkWhole(stored);
      expect(textOf(stored)).toBe("some text");
      expect(textOf(stored, "reasoning-delta")).toBe("hm");
      expect(typesOf(stored)).toContain("source-url");
      expect(stored.slice(-3)).toEqual(whole.blocks.slice(-3));
      // An ID names one record for ever: what stands for several of them has IDs that none of them had.
      const live = new Set(whole.blocks.map((block) => block.id));
      expect(stored.slice(0, -3).filter((block) => live.has(block.id))).toEqual([]);
      expect(again.ended()).toBe("whole");
    }
    const afterReset = await open(question, whole, idAt(whole, 1, 0));
    checkWhole(await afterReset.rest());
  });

  test("of another epoch or beyond the end says so, then the stream from its start", async () => {
    const question = `diverged by ${name}`;
    const whole = await chat.ask(question);
    // Not by counting blocks: a busy server merges neighbouring deltas.
    const endSeq = Number(idOf(whole.blocks, "close").split(".").at(-1));
    for (const id of [idAt(whole, 2, 3), idAt(whole, 0, 3), idAt(whole, 1, endSeq + 1)]) {
      const again = await open(question, whole, id);
      const [reset, ...blocks] = await again.rest();
      expect(reset).toEqual({ event: "reset", reason: "diverged", id: idAt(whole, 1, 0) });
      checkWhole(blocks);
      expect(textOf(blocks)).toBe(echoOf(question));
    }
    const afterReset = await open(question, whole, idAt(whole, 1, 0));
    const blocks = await afterReset.rest();
    checkWhole(blocks);
    expect(textOf(blocks)).toBe(echoOf(question));
  });

  test("refuses what is malformed, unknown, another owner's or not of this address, and starts nothing", async () => {
    const question = `refused by ${name}`;
    const whole = await chat.ask(question);
    const other = await chat.ask(`another question by ${name}`);
    const before = requests();
    const refused = starts ? [409, "unknown-event-id"] : [404, "unknown-event-id"];
    const bad = ["x", "1", `${whole.generationId}:1`, "unknown-generation-1:1.1", "%00"];
    for (const id of starts ? bad : [...bad, other.blocks[2]?.id ?? ""]) {
      const { response } = await open(question, whole, id);
      expect([id, response.status, ((await response.json()) as { code: string }).code]).toEqual([id, ...refused]);
    }
    const foreign = await open(question, whole, whole.blocks[2]?.id ?? "", "mallory");
    expect(foreign.status).toBe(refused[0]);
    expect(requests()).toBe(before);
  });

  test("takes an ID from the query, the header wins, and an empty one counts as none", async () => {
    const question = `by query, ${name}`;
    const whole = await chat.ask(question);
    const [first = "", second = ""] = whole.blocks.map(({ id }) => id);
    const path = {
      "POST /api/chat": "/api/chat?",
      "GET /api/chat": `/api/chat?${new URLSearchParams({ message: question }).toString()}&`,
      "GET /api/chat/:conversationId/stream": `/api/chat/${whole.conversationId}/stream?`,
      "GET /api/generations/:id/events": `/api/generations/${whole.generationId}/events?`,
    }[name];
    const body = name === "POST /api/chat" ? { body: { message: question } } : {};
    const before = requests();
    const byQuery = await chat.open(`${path}lastEventId=${first}`, body);
    expect(seqOf((await byQuery.next())?.id ?? "")).toBe(seqOf(first) + 1);
    await byQuery.leave();
    const both = await chat.open(`${path}lastEventId=${first}`, { ...body, headers: { "Last-Event-ID": second } });
    expect(seqOf((await both.next())?.id ?? "")).toBeGreaterThan(seqOf(second));
    await both.leave();
    expect(requests()).toBe(before);
    const empty = await chat.open(`${path}lastEventId=`, { ...body, headers: { "Last-Event-ID": "" } });
    if (name.endsWith("/stream")) expect(empty.status).toBe(204);
    else expect((await empty.next())?.event === "chunk" && empty.blocks[0]?.id.endsWith(":1.1")).toBe(true);
    await empty.rest().catch(() => undefined);
  });
});

describe("an ID with another question", () => {
  test.each(["POST", "GET"])("is refused by %s, and nothing is started", async (method) => {
    const whole = await chat.ask(`the question of ${method}`);
    const before = requests();
    const headers = { "Last-Event-ID": whole.blocks[1]?.id ?? "" };
    const { response } =
      method === "POST"
        ? await chat.open("/api/chat", { body: { message: "not that" }, headers })
        : await chat.open("/api/chat?message=not+that", { headers });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([422, "key-reused"]);
    expect(requests()).toBe(before);
  });
});

describe("an answer that is running", () => {
  test("is followed from its start and from its middle by any number of clients, to the same end", async () => {
    const gate = Promise.withResolvers<void>();
    chat.provider.script("slow", async function* () {
      for (let index = 0; index < 20; index++) yield say(`first ${index} `);
      await gate.promise;
      for (let index = 0; index < 20; index++) yield say(`second ${index} `);
      yield finish;
    });
    const asking = await chat.open("/api/chat", { body: { message: "slow" } });
    await asking.until(() => textOf(asking.blocks).includes("first 19 "));
    const { generationId, conversationId } = asking;
    const middle = asking.blocks.at(-1)?.id ?? "";
    const followers = await Promise.all([
      chat.open(`/api/chat/${conversationId}/stream`),
      chat.open(`/api/generations/${generationId}/events`),
      chat.open(`/api/generations/${generationId}/events`, { headers: { "Last-Event-ID": middle } }),
      chat.open("/api/chat", { body: { message: "slow" }, headers: { "Last-Event-ID": middle } }),
    ]);
    const early = await followers[0]?.until(() => textOf(followers[0]?.blocks ?? []).includes("first 19 "));
    expect(early).toBeDefined();
    // Twenty stored deltas cost a reader that comes late a single event.
    expect(typesOf(followers[0]?.blocks ?? [])).toEqual(["start", "text-start", "text-delta"]);
    gate.resolve();
    const whole = textOf(await asking.rest());
    for (const [index, follower] of followers.entries()) {
      const text = textOf(await follower.rest());
      expect(index < 2 ? text : textOf(asking.blocks.filter(({ id }) => seqOf(id) <= seqOf(middle))) + text).toBe(
        whole,
      );
      expect(follower.ended()).toBe("whole");
    }
  });

  test("goes on when everybody has left", async () => {
    const gate = Promise.withResolvers<void>();
    chat.provider.script("left alone", async function* () {
      yield say("be");
      await gate.promise;
      yield say("gun");
      yield finish;
    });
    const asking = await chat.open("/api/chat", { body: { message: "left alone" } });
    const last = await asking.until((block) => block.event === "chunk" && block.chunk.type === "text-delta");
    await asking.leave();
    gate.resolve();
    await chat.generations.settled(asking.generationId);
    const rest = await chat.open(`/api/generations/${asking.generationId}/events`, {
      headers: { "Last-Event-ID": last.id },
    });
    expect(textOf(await rest.rest())).toBe("gun");
  });

  test("is not followed where there is none: 204 for an AI SDK client", async () => {
    const whole = await chat.ask("over");
    for (const path of [whole.conversationId, "unknown-conversation"]) {
      const { response } = await chat.open(`/api/chat/${path}/stream`);
      expect([response.status, await response.text()]).toEqual([204, ""]);
    }
  });
});

test("knows the end before it is projected: close alone, then 204", async () => {
  const gate = Promise.withResolvers<void>();
  await using slow = await openChatServer({
    wrapStore: (store) => ({
      ...store,
      generations: {
        ...store.generations,
        async project(id, projection) {
          await gate.promise;
          return store.generations.project(id, projection);
        },
      },
    }),
  });
  const whole = await slow.open("/api/chat", { body: { message: "just ended" } });
  await whole.rest();
  const events = `/api/generations/${whole.generationId}/events`;
  const over = await slow.open(events, { headers: { "Last-Event-ID": whole.blocks.at(-1)?.id ?? "" } });
  expect(over.status).toBe(204);
  const terminal = await slow.open(events, { headers: { "Last-Event-ID": whole.blocks.at(-2)?.id ?? "" } });
  expect(await terminal.rest()).toEqual(whole.blocks.slice(-1));
  expect(((await (await slow.fetch(`/api/generations/${whole.generationId}`)).json()) as { state: string }).state).toBe(
    "running",
  );
  gate.resolve();
});
