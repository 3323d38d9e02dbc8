/** A scripted model that stays, a Typebar that is killed and comes back, and clients that are left alone meanwhile. */
import { openEventStream } from "@typebar/client";
import {
  openScriptedModel,
  openTypebarProcess,
  type ScriptedModel,
  type ScriptedModelName,
  seed,
  type TypebarProcess,
} from "../../src/index.ts";
import type { WireEvent } from "./blocks.ts";

export interface Asked {
  message: string;
  model: ScriptedModelName;
  /** All that its client was given, once the answer is over. */
  events: Promise<WireEvent[]>;
}

export interface KillWorld extends AsyncDisposable {
  model: ScriptedModel;
  typebar: TypebarProcess;
  /** Asks by one stream that is left alone until its answer is over. */
  ask(model: ScriptedModelName, directives: string): Asked;
  /** `kill -9` of the whole process group, and a start on the same data. */
  killAndRestart(): Promise<void>;
  /** What is stored: of each conversation the question and the text and state of its only answer. */
  readStored(): Promise<{ message: string; text: string; state: string }[]>;
}

interface StoredMessage {
  role: string;
  parts: { type: string; text: string }[];
  metadata?: { state: string };
}

export async function openKillWorld(name: string, continuation: "auto" | "prompt"): Promise<KillWorld> {
  const model = await openScriptedModel();
  const typebar = await openTypebarProcess({
    env: {
      OPENAI_BASE_URL: model.url,
      TYPEBAR_MODEL: "scripted",
      TYPEBAR_CONTINUATION: continuation,
      TYPEBAR_ATTEMPTS: "100",
    },
  });
  let askedCount = 0;

  async function read<Body>(path: string): Promise<Body> {
    const response = await fetch(`${typebar.url}${path}`);
    return (await response.json()) as Body;
  }

  return {
    model,
    typebar,
    ask(modelName, directives) {
      const number = askedCount++;
      const message = `script:mixed:${seed % 1000}${number}:260 ${directives}`;
      const stream = openEventStream(`${typebar.url}/api/chat`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "Idempotency-Key": `${name}-${number}` },
        body: JSON.stringify({ message, model: `openai-compatible/${modelName}` }),
        backoff: { initialMs: 100, maxMs: 100 },
      });
      const readAll = async (): Promise<WireEvent[]> => {
        const events: WireEvent[] = [];
        for await (const { event, data, lastEventId } of stream) {
          events.push({ event, data, id: lastEventId });
          if (event === "close") break;
        }
        return events;
      };
      return { message, model: modelName, events: readAll() };
    },
    async killAndRestart() {
      await typebar.kill("SIGKILL");
      await typebar.start();
    },
    async readStored() {
      const stored: { message: string; text: string; state: string }[] = [];
      for (let cursor: string | null = ""; cursor !== null;) {
        const page: { conversations: { id: string }[]; nextCursor: string | null } = await read(
          `/api/conversations?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
        );
        for (const { id } of page.conversations) {
          const { messages } = await read<{ messages: StoredMessage[] }>(`/api/conversations/${id}`);
          const [question, answer] = messages;
          if (messages.length !== 2 || !question || !answer) {
            throw new Error(`Conversation ${id} has ${messages.length} messages`);
          }
          const text = answer.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
          stored.push({ message: question.parts[0]?.text ?? "", text, state: answer.metadata?.state ?? "" });
        }
        cursor = page.nextCursor;
      }
      return stored;
    },
    async [Symbol.asyncDispose]() {
      await typebar[Symbol.asyncDispose]();
      await model.close();
    },
  };
}
