/** A conversation gets a title from the model that answered it, once, and never against somebody's will. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProviderError } from "../../src/provider/provider.ts";
import { createProviderRegistry } from "../../src/provider/registry.ts";
import { toTitlePrompt } from "../../src/titles/title-prompt.ts";
import { createTitler, type Titler } from "../../src/titles/titler.ts";
import type { Answer } from "../routes/answer.ts";
import { type ChatServer, openChatServer } from "../routes/chat-server.ts";
import { echoOf, failing, finish, say, silence, type Speech } from "../routes/fake-provider.ts";

let chat: ChatServer;
let titler: Titler;
let reports: string[];

beforeEach(async () => {
  reports = [];
  chat = await openChatServer({ generations: { onEnded: (generation) => titler.onEnded(generation) } });
  titler = createTitler({
    store: chat.store.titles,
    providers: createProviderRegistry({ providers: [chat.provider] }),
    report: (message, error) => reports.push(`${message}: ${String(error)}`),
    timeoutMs: 20_000,
  });
});
afterEach(async () => {
  await titler[Symbol.asyncDispose]();
  await chat[Symbol.asyncDispose]();
  expect(reports).toEqual([]);
});

/** What the model says when it is asked for the title of this question, once it was answered. */
function scriptTitle(question: string, speech: Speech): void {
  chat.provider.script(toTitlePrompt(question, echoOf(question)), speech);
}
const sayTitle = (title: string): Speech =>
  async function* () {
    yield say(title);
    yield finish;
  };

async function askAndSettle(body: Parameters<ChatServer["ask"]>[0]): Promise<Answer> {
  const answer = await chat.ask(body);
  await titler.settled();
  return answer;
}

const titleOf = async (id: string): Promise<string> => (await chat.read(id)).title;
const titlesAsked = (): number =>
  chat.provider.requests.filter(({ messages }) => messages[0]?.text.startsWith("Give the conversation")).length;

test("the model's title takes the place of the first words after the first answer, is told and found; later ones ask nothing", async () => {
  scriptTitle("why is the sky blue", sayTitle("Blue skies"));
  const { conversationId: id } = await askAndSettle("why is the sky blue");
  expect(await titleOf(id)).toBe("Blue skies");
  expect(chat.provider.requests.at(-1)).toMatchObject({ model: "one", settings: { maxOutputTokens: 1000 } });
  await expect
    .poll(() => chat.changes.at(-1)?.change)
    .toMatchObject({ event: "conversation", data: { conversation: { id, title: "Blue skies" } } });
  expect(await chat.store.search.find("alice", "skies", 5)).toMatchObject([{ messageId: null }]);
  await askAndSettle({ message: "and at night", conversationId: id });
  await askAndSettle({ trigger: "regenerate-message", conversationId: id });
  expect([titlesAsked(), await titleOf(id)]).toEqual([1, "Blue skies"]);
});

test("who named it, before or meanwhile, keeps that name", async () => {
  const made = await chat.send("POST", "/api/conversations", { title: "mine" });
  const { id } = (await made.json()) as { id: string };
  await askAndSettle({ message: "anything", conversationId: id });
  expect([titlesAsked(), await titleOf(id)]).toEqual([0, "mine"]);

  const asked = Promise.withResolvers<void>();
  const named = Promise.withResolvers<void>();
  scriptTitle("slowly named", async function* () {
    asked.resolve();
    await named.promise;
    yield say("Too late");
    yield finish;
  });
  const answer = await chat.ask("slowly named");
  await asked.promise;
  // To the very words that it had: it is a person's title all the same.
  await chat.send("PATCH", `/api/conversations/${answer.conversationId}`, { title: "slowly named" });
  named.resolve();
  await titler.settled();
  expect(await titleOf(answer.conversationId)).toBe("slowly named");
});

test.each<[string, Speech]>([
  ["fails", failing(new ProviderError("provider-rate-limited", "slow down", { retryAfterMs: 1 }))],
  ["says nothing", sayTitle("")],
  ["says too much", sayTitle("and then ".repeat(500))],
])("the first words stay where the model %s", async (_name, speech) => {
  scriptTitle("a plain question", speech);
  const { conversationId } = await askAndSettle("a plain question");
  expect([titlesAsked(), await titleOf(conversationId)]).toEqual([1, "a plain question"]);
});

test("an answer that failed or was stopped asks for no title; the first whole one does", async () => {
  chat.provider.script("broken", failing(new ProviderError("provider-error", "no")));
  const { conversationId } = await askAndSettle("broken");
  expect(titlesAsked()).toBe(0);
  chat.provider.script(toTitlePrompt("works now", echoOf("works now")), sayTitle("At last"));
  await askAndSettle({ message: "works now", conversationId });
  expect([titlesAsked(), await titleOf(conversationId)]).toEqual([1, "At last"]);
});

test("the guide is never asked, and neither is anybody for an answer that is in no list", async () => {
  chat.provider.listModels = async () => [{ id: "fake/one", name: "One", provider: "fake", kind: "guide" }];
  const { conversationId } = await askAndSettle("who are you");
  expect(await titleOf(conversationId)).toBe("who are you");
  await chat.send("POST", "/v1/chat/completions", { messages: [{ role: "user", content: "hi" }] });
  await titler.settled();
  expect(titlesAsked()).toBe(0);
});

test("a deleted conversation is left alone, and closing waits for nobody who is silent", async () => {
  const asked = Promise.withResolvers<void>();
  scriptTitle("soon gone", async function* ({ signal }) {
    asked.resolve();
    yield say("Never");
    await silence(signal);
  });
  const { conversationId } = await chat.ask("soon gone");
  await asked.promise;
  await chat.fetch(`/api/conversations/${conversationId}`, { method: "DELETE" });
  await titler[Symbol.asyncDispose]();
  expect(chat.provider.speaking).toBe(0);
  await chat.fetch(`/api/conversations/${conversationId}/restore`, { method: "POST" });
  expect(await titleOf(conversationId)).toBe("soon gone");
});

test("many at once are asked for a few at a time, and all get theirs", async () => {
  let most = 0;
  const questions = Array.from({ length: 12 }, (_, index) => `question ${index}`);
  let speaking = 0;
  for (const question of questions) {
    scriptTitle(question, async function* () {
      speaking += 1;
      most = Math.max(most, speaking);
      await new Promise((resolve) => setTimeout(resolve, 5));
      speaking -= 1;
      yield say(`Title of ${question}`);
      yield finish;
    });
  }
  const answers = await Promise.all(questions.map((question) => chat.ask(question)));
  await titler.settled();
  const titles = await Promise.all(answers.map(({ conversationId }) => titleOf(conversationId)));
  expect(titles).toEqual(questions.map((question) => `Title of ${question}`));
  expect(most).toBeLessThanOrEqual(4);
});
