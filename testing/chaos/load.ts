/** One planned generation -> its asker and those who come late, all through the balancer. Called by run.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import { openEventStream } from "@typebar/client";
import { follow, type Followed } from "./follower.ts";
import type { PlannedGeneration } from "./plan.ts";

export interface Asked {
  planned: PlannedGeneration;
  /** `undefined` until the asker knows. */
  generationId: string | undefined;
  /** The stop was asked for. */
  isStopAsked: boolean;
  /** As many as planned. */
  followed: readonly Followed[];
}

export interface LoadOptions {
  url: string;
  signal: AbortSignal;
  /** Since the run began, in milliseconds. */
  now(): number;
}

const backoff = { initialMs: 100, maxMs: 1000 };

/** Settles when all its followers have. `asked` is filled as it goes. */
export async function ask(asked: Asked, { url, signal, now }: LoadOptions): Promise<void> {
  const { planned } = asked;
  const { promise: known, resolve: onKnown } = Promise.withResolvers<string>();
  const common = { signal, backoff, suppressDuplicates: false };

  const askOnce = (lastEventId: string) =>
    openEventStream(`${url}/api/chat`, {
      ...common,
      lastEventId,
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": planned.key },
      body: JSON.stringify({ message: planned.message, model: `openai-compatible/${planned.model}` }),
      onOpen: ({ headers }) => {
        asked.generationId = headers.get("typebar-generation") ?? "";
        onKnown(asked.generationId);
      },
    });
  const followOnce = (id: string, lastEventId: string) =>
    openEventStream(`${url}/api/generations/${id}/events`, {
      ...common,
      lastEventId,
      headers: { "Typebar-Resume": "1" },
    });

  await Promise.all(
    planned.followers.map(async ({ delayMs, leaves }, index) => {
      const followed = asked.followed[index];
      if (!followed) throw new Error(`There is no follower ${index}`);
      if (index === 0) {
        const onEvent = (count: number): void => {
          if (count === planned.stopAfterEvents) void stop(asked, url, signal);
        };
        return follow({ open: askOnce, leaves, signal, now, onEvent, followed });
      }
      const id = await Promise.race([known, aborted(signal)]);
      if (id === undefined) return;
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
      return follow({ open: (lastEventId) => followOnce(id, lastEventId), leaves, signal, now, followed });
    }),
  );
}

/** Until a node has taken it up. */
async function stop(asked: Asked, url: string, signal: AbortSignal): Promise<void> {
  asked.isStopAsked = true;
  while (!signal.aborted) {
    try {
      const response = await fetch(`${url}/api/generations/${asked.generationId}/stop`, { method: "POST", signal });
      await response.body?.cancel();
      if (response.status === 202) return;
    } catch {
      // Cut off: asked again.
    }
    await sleep(200, undefined, { signal }).catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined));
  });
}
