/** Finds tmux, the terminal of the command line's tests, or installs Debian's where that is allowed. Called by test.ts. */
import { spawnSync } from "node:child_process";
import { installWithApt } from "./apt.ts";

export function hasTmux(): boolean {
  return answers() || (installWithApt(["tmux"]) && answers());
}

function answers(): boolean {
  return spawnSync("tmux", ["-V"], { stdio: "ignore" }).status === 0;
}
