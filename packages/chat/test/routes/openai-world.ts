/** The whole program over the scripted model, and OpenAI's own client in front of it. */
import { openScriptedModel, openTypebarProcess, type ScriptedModel, type TypebarProcess } from "@typebar/testing";
import OpenAI, { APIError, type ClientOptions } from "openai";

export interface OpenAIWorld extends AsyncDisposable {
  model: ScriptedModel;
  typebar: TypebarProcess;
  client: OpenAI;
  /** Another client of the same server. */
  connect(options?: ClientOptions): OpenAI;
  /** The answer's text, read through Typebar's own stream from wherever `lastEventId` says, to its end. */
  follow(generationId: string, lastEventId?: string): Promise<{ text: string; whole: boolean }>;
}

export const modelName = "openai-compatible/scripted";

export async function openOpenAIWorld(env: Record<string, string> = {}): Promise<OpenAIWorld> {
  const model = await openScriptedModel();
  const typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, ...env } });
  const connect = (options: ClientOptions = {}): OpenAI =>
    new OpenAI({ baseURL: `${typebar.url}/v1`, apiKey: env["TYPEBAR_PASSWORD"] ?? "any", maxRetries: 0, ...options });
  return {
    model,
    typebar,
    client: connect(),
    connect,
    async follow(generationId, lastEventId = "") {
      const response = await fetch(`${typebar.url}/api/generations/${generationId}/events`, {
        headers: { "Last-Event-ID": lastEventId },
      });
      const blocks = toBlocks(await response.text());
      const text = blocks
        .map(({ data }) => (data === "[DONE]" ? "" : ((JSON.parse(data) as Chunk).delta ?? "")))
        .join("");
      return { text, whole: blocks.at(-1)?.data === "[DONE]" };
    },
    async [Symbol.asyncDispose]() {
      await typebar[Symbol.asyncDispose]();
      await model.close();
    },
  };
}

/** What is whole of a response's body: the last block may have been cut off. */
export function toBlocks(body: string): { data: string; id: string }[] {
  return body
    .split("\n\n")
    .slice(0, -1)
    .map((block) => {
      const lines = block.split("\n");
      const find = (name: string): string => lines.find((line) => line.startsWith(name))?.slice(name.length) ?? "";
      return { data: find("data: "), id: find("id: ") };
    });
}

interface Chunk {
  delta?: string;
}

export const user = (content: string): { role: "user"; content: string } => ({ role: "user", content });

export async function rejection(promise: PromiseLike<unknown>): Promise<APIError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof APIError)) throw new Error(`not an error of the API: ${String(error)}`);
  return error;
}

export const contentOf = ({ choices }: OpenAI.ChatCompletionChunk): string => choices[0]?.delta.content ?? "";

export async function readText(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += contentOf(chunk);
  return text;
}
