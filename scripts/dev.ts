/** `npm run dev`: the server, started again when its sources change, and vite for the page, which passes /api on to it. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { rootDir } from "./check/run-check.ts";

const server = spawn(
  process.execPath,
  ["--watch", "--conditions", "typebar-source", "apps/typebar/src/main.ts", ...process.argv.slice(2)],
  { cwd: rootDir, stdio: "inherit" },
);
const page = spawn(process.execPath, [join(rootDir, "node_modules/vite/bin/vite.js")], {
  cwd: join(rootDir, "apps/web"),
  stdio: "inherit",
});
const children: ChildProcess[] = [server, page];

// Whichever ends first takes the other with it.
for (const child of children) {
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
    for (const other of children) other.kill("SIGTERM");
  });
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
  });
}
