/** Ctrl-C, once and twice. Listened to by run-ask.ts while an answer is typed. */

/** Without a terminal, one that comes again so soon is the same: told to our group, and passed on by who started us. */
const sameSignalMs = 300;

export interface InterruptHandlers {
  onFirst: () => void;
  /** Each further one. */
  onSecond: () => void;
}

export function listenForInterrupts({ onFirst, onSecond }: InterruptHandlers): Disposable {
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  const sameMs = hasTerminal ? 0 : sameSignalMs;
  let firstMs: number | undefined;
  const handle = (): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      onFirst();
    } else if (nowMs - firstMs >= sameMs) onSecond();
  };
  process.on("SIGINT", handle);
  return {
    [Symbol.dispose]() {
      process.removeListener("SIGINT", handle);
    },
  };
}
