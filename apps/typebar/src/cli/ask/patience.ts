/** Gives up on a server that cannot be reached. Told of each change of the connection by run-ask.ts. */
import type { ConnectionState } from "@typebar/client";

export interface PatienceOptions {
  /** Before the server has answered. */
  firstWaitMs: number;
  /** After a cut. */
  waitMs: number;
  /** Called once, with why the last attempt failed. */
  onGiveUp: (error: Error) => void;
}

export interface Patience extends Disposable {
  onStateChange: (state: ConnectionState) => void;
  /** Whether the server has answered at least once. */
  readonly reached: boolean;
}

export function createPatience({ firstWaitMs, waitMs, onGiveUp }: PatienceOptions): Patience {
  let reached = false;
  let timer: NodeJS.Timeout | undefined;
  let lastError: Error | undefined;

  const rest = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  return {
    onStateChange(state) {
      if (state.name === "open") reached = true;
      if (state.name === "open" || state.name === "closed") rest();
      if (state.name !== "waiting") return;
      lastError = state.error;
      timer ??= setTimeout(() => lastError && onGiveUp(lastError), reached ? waitMs : firstWaitMs);
    },
    get reached() {
      return reached;
    },
    [Symbol.dispose]: rest,
  };
}
