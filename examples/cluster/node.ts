/** One node: a Typebar that is started again a while after it died. Opened by main.ts. */
import { join } from "node:path";
import { type Program, startProgram, untilReady } from "./program.ts";

export interface Node {
  /** `kill -9`. */
  kill(): void;
  /** As a deployment does it: SIGTERM, which hands over what it writes. */
  close(): Promise<void>;
}

export interface NodeOptions {
  name: string;
  port: number;
  /** What makes all of them one cluster. */
  env: NodeJS.ProcessEnv;
  tell: (line: string) => void;
}

const mainPath = join(import.meta.dirname, "../../apps/typebar/src/main.ts");
/** Long enough to see that it is not needed. */
const restartMs = 10_000;

export async function openNode({ name, port, env, tell }: NodeOptions): Promise<Node> {
  let program: Program;
  let closing = false;
  let restart: NodeJS.Timeout | undefined;

  async function start(): Promise<void> {
    const started = startProgram(process.execPath, ["--conditions", "typebar-source", mainPath], {
      env: {
        TYPEBAR_GRACE_MS: "1000",
        ...process.env,
        ...env,
        PORT: String(port),
        HOST: "127.0.0.1",
        TYPEBAR_LOG_LEVEL: "info",
      },
      onLine: (line) => tellOfAnswers(line, started),
    });
    program = started;
    await untilReady(name, started, () =>
      fetch(`http://127.0.0.1:${port}/readyz`).then(
        (response) => response.ok,
        () => false,
      ),
    );
    tell(`${name} is up: process ${started.pid}, port ${port}.`);
    void started.ended.then(comeBack);
  }

  function comeBack(): void {
    if (closing) return;
    tell(
      `${name} is dead. What it was writing goes on at the others within some five seconds; it is started again in ten.`,
    );
    restart = setTimeout(() => void start().catch((error: unknown) => tell(String(error))), restartMs);
  }

  function tellOfAnswers(line: string, { pid }: Program): void {
    const { msg, takeover, state } = parseLogLine(line);
    if (msg === "an answer begins" && takeover) tell(`${name} goes on with an answer that another node began.`);
    else if (msg === "an answer begins") tell(`${name} writes an answer. To kill it: kill -9 ${pid}`);
    else if (msg === "an answer ends") tell(`${name}: the answer is ${state}.`);
  }

  await start();
  return {
    kill: () => void program.end("SIGKILL"),
    async close() {
      closing = true;
      clearTimeout(restart);
      await program.end("SIGTERM");
    },
  };
}

interface LogLine {
  msg?: string;
  takeover?: boolean;
  state?: string;
}

/** A node says a few sentences for people too. */
function parseLogLine(line: string): LogLine {
  return line.startsWith("{") ? JSON.parse(line) : {};
}
