/** Installs Debian packages where we are root and apt-get is there; elsewhere does nothing. Called by test.ts and chromium.ts. */
import { spawnSync } from "node:child_process";

/** @returns whether apt-get says that they are installed now. */
export function installWithApt(packages: string[]): boolean {
  if (process.getuid?.() !== 0) return false;
  if (spawnSync("apt-get", ["--version"], { stdio: "ignore" }).status !== 0) return false;
  console.error(`Installing ${packages.join(", ")} with apt-get.`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const aptGet = (args: string[]): boolean => spawnSync("apt-get", args, { env, stdio: ["ignore", 2, 2] }).status === 0;
  return aptGet(["update", "-q"]) && aptGet(["install", "-q", "-y", "--no-install-recommends", ...packages]);
}
