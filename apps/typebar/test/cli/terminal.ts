/** A real terminal, held by tmux: keys go in as a person presses them, and the screen is read as it is shown. */
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const columns = 120;
const rows = 40;
const pollMs = 50;
const waitMs = 20_000;

export interface Terminal extends Disposable {
  /** Types a command and presses Enter. */
  run: (command: string) => void;
  /** Presses one key, by tmux's name of it: `C-c`. */
  press: (key: string) => void;
  /** All lines, also those that have left the screen; what was wrapped is one line. */
  screen: () => string;
  /** Resolves with the screen once it shows the pattern. */
  waitFor: (pattern: RegExp) => Promise<string>;
}

/** Opens a shell. @throws {Error} If tmux is not installed. */
export function openTerminal(env: Record<string, string>): Terminal {
  const socket = `typebar-${randomUUID().slice(0, 8)}`;
  const tmux = (...args: string[]): string => execFileSync("tmux", ["-L", socket, ...args], { encoding: "utf8" });
  const shellEnv = {
    NODE_COMPILE_CACHE: join(tmpdir(), "typebar-compile-cache"),
    ...env,
  };
  execFileSync(
    "tmux",
    [
      "-L",
      socket,
      "-f",
      "/dev/null",
      "new-session",
      "-d",
      "-x",
      String(columns),
      "-y",
      String(rows),
      ...Object.entries(shellEnv).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
      "sh",
    ],
    // In no other UTF-8 locale is every machine.
    { env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C.UTF-8", TERM: "xterm-256color" } },
  );
  const screen = (): string => tmux("capture-pane", "-p", "-J", "-S", "-");
  return {
    run(command) {
      tmux("send-keys", "-l", command);
      tmux("send-keys", "Enter");
    },
    press: (key) => void tmux("send-keys", key),
    screen,
    async waitFor(pattern) {
      const deadlineMs = performance.now() + waitMs;
      for (;;) {
        const shown = screen();
        if (pattern.test(shown)) return shown;
        if (performance.now() > deadlineMs) throw new Error(`The screen never showed ${String(pattern)}: ${shown}`);
        await sleep(pollMs);
      }
    },
    [Symbol.dispose]() {
      tmux("kill-server");
    },
  };
}
