/** SIGTERM: streams are cut so that clients come back, answers finish or are handed over, the exit is clean. */
import { openScriptedModel, openTypebarProcess, scriptedAnswer, type TypebarProcess } from "@typebar/testing";
import { describe, expect, test } from "vitest";

interface Reading {
  generationId: string;
  text: () => string;
  lastEventId: () => string;
  /** Settles at the end: whether it was a clean one. */
  ended: Promise<"whole" | "cut">;
  /** Settles when some of the answer has come. */
  begun: Promise<void>;
}

async function read(response: Response): Promise<Reading> {
  const begun = Promise.withResolvers<void>();
  let raw = "";
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const ended = (async (): Promise<"whole" | "cut"> => {
    try {
      for (;;) {
        const page = await reader?.read();
        if (!page || page.done) return "whole";
        raw += page.value;
        if (raw.includes('"text-delta"')) begun.resolve();
      }
    } catch {
      return "cut";
    }
  })();
  const blocks = (): string[] => raw.split("\n\n").slice(0, -1);
  return {
    generationId: response.headers.get("Typebar-Generation") ?? "",
    ended,
    begun: begun.promise,
    lastEventId: () => /id: (.*)$/.exec(blocks().at(-1) ?? "")?.[1] ?? "",
    text: () =>
      blocks()
        .flatMap((block) => block.split("\n").filter((line) => line.startsWith("data: {")))
        .map((line) => JSON.parse(line.slice(6)) as { type: string; delta?: string })
        .map(({ type, delta }) => (type === "text-delta" ? delta : ""))
        .join(""),
  };
}

const ask = async (typebar: TypebarProcess, message: string): Promise<Reading> =>
  read(
    await fetch(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message }),
    }),
  );

describe("SIGTERM in mid-answer", () => {
  test("cuts the stream, hands the answer over, and the next start finishes it exactly", async () => {
    await using model = await openScriptedModel();
    await using typebar = await openTypebarProcess({
      env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_GRACE_MS: "50" },
    });
    const question = "script:mixed:41:600 deltas:30 hold:12";
    const first = await ask(typebar, question);
    await first.begun;
    expect(await typebar.kill("SIGTERM")).toBe(0);
    expect(await first.ended).toBe("cut");
    const kept = first.text();
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(scriptedAnswer(question).length);

    model.release(question);
    await typebar.start();
    const rest = await read(
      await fetch(`${typebar.url}/api/generations/${first.generationId}/events`, {
        headers: { "Last-Event-ID": first.lastEventId() },
      }),
    );
    expect(await rest.ended).toBe("whole");
    expect(kept + rest.text()).toBe(scriptedAnswer(question));
    expect(model.violations).toEqual([]);
    expect(model.requests.map(({ kind }) => kind)).toEqual(["start", "prefill"]);
  });

  test("lets the answer finish within its grace time, and stores it whole", async () => {
    await using model = await openScriptedModel();
    await using typebar = await openTypebarProcess({
      env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_GRACE_MS: "20000" },
    });
    const question = "script:plain:7:300 deltas:20 hold:5";
    const first = await ask(typebar, question);
    await first.begun;
    const killed = typebar.kill("SIGTERM");
    // The streams are cut first; the answer has not ended yet, and who comes back sees the rest of it.
    expect(await first.ended).toBe("cut");
    const rest = await read(
      await fetch(`${typebar.url}/api/generations/${first.generationId}/events`, {
        headers: { "Last-Event-ID": first.lastEventId() },
      }),
    );
    const refused = await fetch(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message: "too late" }),
    });
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: "draining" }]);
    expect((await fetch(`${typebar.url}/readyz`)).status).toBe(503);
    model.release(question);
    expect(await rest.ended).toBe("whole");
    expect(first.text() + rest.text()).toBe(scriptedAnswer(question));
    expect(await killed).toBe(0);
    await typebar.start();
    const stored = (await (await fetch(`${typebar.url}/api/generations/${first.generationId}`)).json()) as {
      state: string;
    };
    expect(stored.state).toBe("completed");
    const whole = await read(await fetch(`${typebar.url}/api/generations/${first.generationId}/events`));
    expect(await whole.ended).toBe("whole");
    expect(whole.text()).toBe(scriptedAnswer(question));
    expect(model.requests).toHaveLength(1);
  });

  test("ends at once where nothing runs", async () => {
    await using typebar = await openTypebarProcess();
    expect(await typebar.kill("SIGTERM")).toBe(0);
    expect(typebar.output).toContain("Typebar is stopping");
  });
});
