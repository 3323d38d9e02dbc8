/** `/metrics` of a real server: who may read it, what its numbers are after what was done, and that the documentation names them all. */
import { readFile } from "node:fs/promises";
import { openScriptedModel, openTypebarProcess, type ScriptedModel, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Family, parsePrometheusText } from "./prometheus-text.ts";

let model: ScriptedModel;
let typebar: TypebarProcess;

beforeAll(async () => {
  model = await openScriptedModel();
  typebar = await openTypebarProcess({ env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted" } });
});
afterAll(async () => {
  await typebar[Symbol.asyncDispose]();
  await model.close();
});

async function readMetrics(): Promise<Map<string, Family>> {
  const response = await fetch(`${typebar.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return parsePrometheusText(await response.text());
}

function valueOf(families: Map<string, Family>, id: string): number {
  const name = id.replace(/\{.*$/u, "");
  const family = families.get(name) ?? families.get(name.replace(/_(?:count|sum)$/u, ""));
  const value = family?.samples.get(id);
  if (value === undefined) throw new Error(`there is no ${id}`);
  return value;
}

/** Every time series of ours. */
function seriesOf(families: Map<string, Family>): string[] {
  const ids = [...families.values()].flatMap(({ samples }) => Array.from(samples.keys()));
  return ids.filter((id) => id.startsWith("typebar_")).toSorted();
}

/** What a sample has grown by while something was done. */
async function growth(act: () => Promise<unknown>): Promise<(id: string) => number> {
  const before = await readMetrics();
  await act();
  const after = await readMetrics();
  return (id) => valueOf(after, id) - valueOf(before, id);
}

interface Asked {
  generationId: string;
  text: string;
}

async function ask(message: string, model = "openai-compatible/scripted"): Promise<Asked> {
  const response = await fetch(`${typebar.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message, model }),
  });
  return { generationId: response.headers.get("typebar-generation") ?? "", text: await response.text() };
}

async function resume({ generationId }: Asked, lastEventId: string): Promise<Response> {
  const response = await fetch(`${typebar.url}/api/generations/${generationId}/events`, {
    headers: { "Last-Event-ID": lastEventId },
  });
  await response.text();
  return response;
}

/** Counts may be a moment behind what a client has seen: an answer's last byte comes before its books are closed. */
async function untilQuiet(): Promise<void> {
  await expect
    .poll(async () => {
      const families = await readMetrics();
      return [valueOf(families, "typebar_generations_running"), valueOf(families, "typebar_open_streams")];
    })
    .toEqual([0, 0]);
}

describe("the numbers", () => {
  test("count an answer, its tokens, its stream and its appends", async () => {
    const grown = await growth(async () => {
      await ask("script:plain:1:60 deltas:10");
      await untilQuiet();
    });
    expect(grown('typebar_generations_total{outcome="completed"}')).toBe(1);
    expect(grown("typebar_generation_duration_seconds_count")).toBe(1);
    expect(grown("typebar_model_requests_total")).toBe(1);
    expect(grown("typebar_first_token_seconds_count")).toBe(1);
    expect(grown("typebar_token_gap_seconds_count")).toBe(9);
    expect(grown('typebar_tokens_total{kind="output"}')).toBeGreaterThan(0);
    expect(grown("typebar_log_append_seconds_count")).toBeGreaterThanOrEqual(2);
    expect(grown('typebar_streams_opened_total{how="new"}')).toBe(1);
    expect(grown('typebar_streams_closed_total{reason="ended"}')).toBe(1);
    expect(grown("typebar_stream_events_total")).toBeGreaterThanOrEqual(5);
    expect(grown("typebar_stream_bytes_total")).toBeGreaterThan(60);
    expect(grown('typebar_generations_total{outcome="failed"}')).toBe(0);
    expect(grown('typebar_resumes_total{result="resumed"}')).toBe(0);
  });

  test("count resumes by how they were answered", async () => {
    const asked = await ask("script:plain:2:60 deltas:10");
    const ids = Array.from(asked.text.matchAll(/^id: (.+)$/gmu), ([, id]) => id ?? "");
    const grown = await growth(async () => {
      await resume(asked, ids[1] ?? "");
      expect((await resume(asked, ids.at(-1) ?? "")).status).toBe(204);
      await resume(asked, `${asked.generationId}:7.2`);
      expect((await resume(asked, "nonsense")).status).toBe(404);
      await untilQuiet();
    });
    for (const result of ["resumed", "finished", "diverged", "unknown"])
      expect([result, grown(`typebar_resumes_total{result="${result}"}`)]).toEqual([result, 1]);
    expect(grown('typebar_resets_total{reason="diverged"}')).toBe(1);
    expect(grown('typebar_streams_opened_total{how="resumed"}')).toBe(1);
    expect(grown("typebar_replayed_bytes_total")).toBeGreaterThan(60);
    expect(grown("typebar_model_requests_total")).toBe(0);
  });

  test("count what was stopped, what failed and why, and clients that left", async () => {
    const grown = await growth(async () => {
      const held = "script:plain:3:200 deltas:20 hold:3";
      const leaving = new AbortController();
      const response = await fetch(`${typebar.url}/api/chat`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ message: held }),
        signal: leaving.signal,
      });
      await model.waitFor(({ key, deltasSent }) => key === held && deltasSent === 3);
      leaving.abort();
      const id = response.headers.get("typebar-generation") ?? "";
      await fetch(`${typebar.url}/api/generations/${id}/stop`, { method: "POST" });
      await ask("script:plain:4:60 fault:401");
      await ask("script:plain:5:60 fault:429");
      await untilQuiet();
    });
    expect(grown('typebar_generations_total{outcome="stopped"}')).toBe(1);
    expect(grown('typebar_generations_total{outcome="failed"}')).toBe(1);
    expect(grown('typebar_generations_total{outcome="completed"}')).toBe(1);
    expect(grown('typebar_generation_failures_total{code="provider-unauthorized"}')).toBe(1);
    expect(grown("typebar_model_requests_total")).toBe(4);
    expect(grown('typebar_streams_closed_total{reason="client-gone"}')).toBe(1);
  });

  test("name nobody: no label grows with users, conversations or what they send", async () => {
    await ask("script:plain:6:60");
    const before = seriesOf(await readMetrics());
    for (let index = 0; index < 5; index++) {
      await ask(`script:plain:${10 + index}:60`, `openai-compatible/model-${index}`);
      await fetch(`${typebar.url}/api/generations/unknown-${index}/events`);
      await fetch(`${typebar.url}/v1/models/openai/some-model-${index}`, {
        headers: { "User-Agent": `agent-${index}` },
      });
    }
    await untilQuiet();
    expect(seriesOf(await readMetrics())).toEqual(before);
  });

  test("hold how late the event loop is, whoever else scrapes", async () => {
    await readMetrics();
    const delay = (await readMetrics()).get("typebar_event_loop_delay_seconds");
    expect(delay?.samples.get("typebar_event_loop_delay_seconds_count")).toBeGreaterThan(0);
  });
});

describe("the documentation", () => {
  test.each(["en", "zh-CN"])("names every metric in %s, its type and its labels, and no other", async (language) => {
    const page = await readFile(new URL(`../../../../docs/${language}/operations.md`, import.meta.url), "utf8");
    const documented = Array.from(
      page.matchAll(/^\| `(typebar_\w+)`(?: by ((?:`[a-z_]+`(?:, )?)+)| 按 ((?:`[a-z_]+`(?:、)?)+))? \| (\w+) \|/gmu),
      ([, name, english, chinese, type]) =>
        `${name} ${type} ${(english ?? chinese ?? "").replaceAll(/[`\s]/gu, "").replaceAll("、", ",")}`,
    );
    const served = [...(await readMetrics())].flatMap(([name, { type, samples }]) => {
      const labels = new Set(
        [...samples.keys()].flatMap((id) => Array.from(id.matchAll(/[{,](\w+)=/gu), ([, label]) => label ?? "")),
      );
      labels.delete("le");
      return name.startsWith("typebar_") ? [`${name} ${type} ${[...labels].join(",")}`] : [];
    });
    expect(documented.toSorted()).toEqual(served.toSorted());
  });

  test("stands for the others by their families: process_ and nodejs_", async () => {
    const others = [...(await readMetrics()).keys()].filter((name) => !name.startsWith("typebar_"));
    expect(others.filter((name) => !/^(?:process|nodejs)_/u.test(name))).toEqual([]);
  });
});

describe("who may read them", () => {
  test("with a password, only who has it", async () => {
    await using guarded = await openTypebarProcess({ env: { TYPEBAR_PASSWORD: "correct horse", HOST: "0.0.0.0" } });
    const read = (headers: Record<string, string>): Promise<Response> => fetch(`${guarded.url}/metrics`, { headers });
    const refused = await read({});
    expect(refused.status).toBe(401);
    expect(await refused.text()).not.toContain("typebar_");
    expect((await read({ Authorization: "Bearer wrong" })).status).toBe(401);
    expect((await read({ Authorization: "Bearer correct horse" })).status).toBe(200);
  });

  test("by GET alone", async () => {
    const refused = await fetch(`${typebar.url}/metrics`, { method: "POST" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET"]);
  });
});
