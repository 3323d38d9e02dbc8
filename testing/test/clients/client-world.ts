/** A scripted model and a real Typebar, for clients that other people made. */
import { expect } from "vitest";
import { openScriptedModel, openTypebarProcess, type ScriptedModel, type TypebarProcess } from "../../src/index.ts";

export interface ClientWorld extends AsyncDisposable {
  model: ScriptedModel;
  server: TypebarProcess;
  /** `kill -9`, and a start on the same data and port. */
  restart(): Promise<void>;
  /** Every question was asked once: by one start, and continuations only where the server was killed. */
  expectAskedOnce(question: string, continuations?: number): void;
}

export async function openClientWorld(env: Record<string, string> = {}): Promise<ClientWorld> {
  const model = await openScriptedModel();
  const server = await openTypebarProcess({
    env: { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: "key", TYPEBAR_MODEL: "scripted", ...env },
  });
  return {
    model,
    server,
    async restart() {
      await server.kill("SIGKILL");
      await server.start();
    },
    expectAskedOnce(question, continuations = 0) {
      const kinds = model.requests.filter(({ key }) => key === question).map(({ kind }) => kind);
      expect(kinds, question).toEqual(["start", ...Array.from({ length: continuations }, () => "prefill")]);
      expect(model.violations).toEqual([]);
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await model.close();
    },
  };
}
