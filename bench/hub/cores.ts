/** Which core each side gets: the subject one for itself, the load generator another. Used by everything that starts a process here. */
import { readFileSync } from "node:fs";

export interface Cores {
  server: number;
  load: number;
}

/** @throws where this process may not use two cores. */
export function pickCores(): Cores {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  const cores = list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
  const [server, load] = cores;
  if (server === undefined || load === undefined)
    throw new Error("The hub benchmark needs two cores: one for the server, one for the load generator.");
  return { server, load };
}
