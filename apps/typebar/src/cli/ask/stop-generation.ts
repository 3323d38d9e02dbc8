/** Asks the server for a stop until it was heard. Called by run-ask.ts at Ctrl-C. */
import { setTimeout as sleep } from "node:timers/promises";

const pauseMs = 300;

export interface StopRequest {
  url: URL;
  headers: Record<string, string>;
  /** Gives up. */
  signal: AbortSignal;
  /** Called once if it was not heard at first. */
  onUnheard: () => void;
}

/** Resolves when it was heard or refused, or nobody waits for it any more; the answer's stream says what came of it. */
export async function stopGeneration(request: StopRequest): Promise<void> {
  for (let told = false; !(await ask(request)) && !request.signal.aborted; told = true) {
    if (!told) request.onUnheard();
    await sleep(pauseMs, undefined, { signal: request.signal }).catch(ignore);
  }
}

/** @returns Whether asking again would be pointless. */
async function ask({ url, headers, signal }: StopRequest): Promise<boolean> {
  try {
    const response = await fetch(url, { method: "POST", headers, signal });
    await response.body?.cancel();
    return response.status < 500 && response.status !== 429;
  } catch {
    return false;
  }
}

function ignore(): void {}
