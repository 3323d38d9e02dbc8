/** What a scripted model remembers of those who asked it, and who waits for that to change. Called by scripted-model.ts and scripted-chat.ts. */
import type { IncomingHttpHeaders } from "node:http";
import type { ScriptedKind } from "./scripted-request.ts";

export interface ScriptedRequest {
  /** The question that is answered: the user's prompt, also when the request continues an answer. */
  key: string;
  kind: ScriptedKind;
  model: string;
  /** The text the answer goes on from; empty at a start. */
  keptText: string;
  body: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  /** `aborted`: the client went away first. `faulted`: a directive of the prompt ended it. */
  outcome: "running" | "completed" | "aborted" | "refused" | "faulted";
  deltasSent: number;
  textSent: string;
  /** By the wall clock, in milliseconds; `undefined` before the first delta. */
  lastDeltaAtMs: number | undefined;
}

export interface ScriptedState {
  readonly requests: ScriptedRequest[];
  readonly violations: string[];
  /** To be called after every change to what stands in here. */
  changed(): void;
  /** Resolves with what `read` finds, once it finds something. Rejects when `signal` is aborted. */
  waitUntil<Value>(read: () => Value | undefined, signal?: AbortSignal): Promise<Value>;
  /** Every chat request is answered 500 while it is so. */
  isBroken: boolean;
  release(key: string): void;
  isReleased(key: string): boolean;
}

export function createScriptedState(): ScriptedState {
  const released = new Set<string>();
  const watchers = new Set<() => void>();
  const changed = (): void => {
    for (const watch of watchers) watch();
  };
  return {
    requests: [],
    violations: [],
    isBroken: false,
    changed,
    waitUntil: <Value>(read: () => Value | undefined, signal?: AbortSignal): Promise<Value> => {
      const { promise, resolve, reject } = Promise.withResolvers<Value>();
      const watch = (): void => {
        const value = read();
        if (value !== undefined) resolve(value);
      };
      const stop = (): void => reject(new Error("The client went away"));
      watchers.add(watch);
      signal?.addEventListener("abort", stop);
      watch();
      return promise.finally(() => {
        watchers.delete(watch);
        signal?.removeEventListener("abort", stop);
      });
    },
    release: (key) => {
      released.add(key);
      changed();
    },
    isReleased: (key) => released.has(key),
  };
}
