/** Event streams of a real server, read as they come. Used by the tests beside it. */
import type { TypebarProcess } from "@typebar/testing";
import { expect } from "vitest";

export interface ReadEvent {
  event: string;
  data: unknown;
  id: string;
}

export interface Reading {
  response: Response;
  events: ReadEvent[];
  /** Waits until there are so many. */
  until(count: number): Promise<ReadEvent[]>;
  /** Settles at the end: whether it was a clean one. */
  ended: Promise<"whole" | "cut">;
  leave(): void;
}

/** Follows channels: `rates/events`, or `events?channels=rates,sales`. */
export async function follow(
  typebar: Pick<TypebarProcess, "url">,
  path: string,
  headers: Record<string, string> = {},
): Promise<Reading> {
  const leaving = new AbortController();
  const response = await fetch(`${typebar.url}/api/channels/${path}`, { headers, signal: leaving.signal });
  expect([path, response.status]).toEqual([path, 200]);
  const events: ReadEvent[] = [];
  let rest = "";
  const onText = (text: string): void => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop() ?? "";
    events.push(...blocks.map(parseBlock));
  };
  return {
    response,
    events,
    until: async (count) => {
      await expect.poll(() => events.length, { timeout: 5000 }).toBeGreaterThanOrEqual(count);
      return events;
    },
    ended: drain(response, onText),
    leave: () => leaving.abort(),
  };
}

function parseBlock(block: string): ReadEvent {
  const fields = new Map(block.split("\n").map((line) => [line.split(": ")[0], line.slice(line.indexOf(": ") + 2)]));
  return {
    event: fields.get("event") ?? "message",
    data: JSON.parse(fields.get("data") ?? "") as unknown,
    id: fields.get("id") ?? "",
  };
}

async function drain(response: Response, onText: (text: string) => void): Promise<"whole" | "cut"> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const page = await reader?.read();
      if (!page || page.done) return "whole";
      onText(page.value);
    }
  } catch {
    return "cut";
  }
}

export async function publish(
  typebar: Pick<TypebarProcess, "url">,
  channel: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${typebar.url}/api/channels/${channel}/events`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { code: string }).code;
}
