/** The Vue composable over a real server. */
import { scriptedAnswer } from "@typebar/testing";
import { effectScope, nextTick, ref, watch } from "vue";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat, textOf } from "../src/index.ts";
import type { ChatState } from "../src/index.ts";
import { useChat } from "../src/vue/index.ts";
import type { UseChat, UseChatOptions } from "../src/vue/index.ts";
import { openClient, openWorld } from "./world.ts";
import type { World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.[Symbol.asyncDispose]());

function use(options: UseChatOptions): { chat: UseChat; leave: () => void } {
  const scope = effectScope(true);
  const chat = scope.run(() => useChat(options));
  if (chat === undefined) throw new Error("The scope is not active");
  return { chat, leave: () => scope.stop() };
}

function lastText({ messages }: Readonly<ChatState>): string {
  const message = messages.at(-1);
  return message?.role === "assistant" ? textOf(message.answer) : "";
}

async function until(is: () => boolean): Promise<void> {
  await expect.poll(is, { timeout: 15_000 }).toBe(true);
}

describe("useChat", () => {
  it("tells Vue of each change", async () => {
    const { client } = openClient(world.server.url);
    const { chat, leave } = use({ client });
    const seen: string[] = [];
    const stop = watch(
      () => lastText(chat.state),
      (text) => seen.push(text),
      { flush: "sync" },
    );
    const question = "script:mixed:1:300 deltas:30 delay:15";
    await chat.send(question);
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.at(-1)).toBe(scriptedAnswer(question));
    expect(chat.state).toMatchObject({ busy: false, phase: "ready" });
    stop();
    leave();
  });

  it("shows the conversation that is wanted, and keeps the one that has just begun", async () => {
    const { client } = openClient(world.server.url);
    const wanted = ref<string | null>(null);
    const { chat, leave } = use({ client, conversationId: wanted });
    const question = "script:plain:2:200 deltas:20 hold:5";
    const asked = chat.send(question);
    await until(() => chat.state.conversationId !== null);
    wanted.value = chat.state.conversationId;
    await nextTick();
    expect(chat.state.busy).toBe(true);
    world.model.release(question);
    await asked;
    expect(lastText(chat.state)).toBe(scriptedAnswer(question));
    wanted.value = null;
    await nextTick();
    expect(chat.state).toMatchObject({ conversationId: null, phase: "new", messages: [] });
    await chat.send("script:plain:3:60");
    expect(chat.state.messages).toHaveLength(2);
    leave();
  });

  it("stops reading with its scope, and leaves a chat of others alone", async () => {
    const { client } = openClient(world.server.url);
    const question = "script:plain:4:300 deltas:30 hold:5";
    const shared = createChat({ client });
    const first = use({ chat: shared });
    const asked = first.chat.send(question);
    await until(() => lastText(first.chat.state) !== "");
    const own = use({ client, conversationId: shared.getState().conversationId });
    await until(() => lastText(own.chat.state) !== "");
    first.leave();
    own.leave();
    const left = lastText(own.chat.state);
    world.model.release(question);
    await asked;
    const { messages } = shared.getState();
    expect(messages).toHaveLength(2);
    expect(lastText(shared.getState())).toBe(scriptedAnswer(question));
    expect(lastText(own.chat.state)).toBe(left);
    expect(lastText(first.chat.state)).not.toBe(scriptedAnswer(question));
  });
});
