/** Compiles the load generator and the floor server, which are C: nothing slower may stand on the side that is not measured. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface NativePrograms extends AsyncDisposable {
  load: string;
  floor: string;
}

const sourceDir = join(import.meta.dirname, "native");
const loadSources = [
  "load-main",
  "load",
  "followers",
  "publisher",
  "stream-reader",
  "message",
  "histogram",
  "cpu",
  "fail",
];
const floorSources = ["floor-main", "fail"];

/** @throws where there is no C compiler. */
export async function compileNative(): Promise<NativePrograms> {
  const compiler = ["cc", "gcc", "clang"].find(
    (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
  );
  if (compiler === undefined)
    throw new Error(
      "The hub benchmark's load generator is C, and no C compiler was found. Install one (on Debian: apt-get install gcc libc6-dev).",
    );
  const dir = await mkdtemp(join(tmpdir(), "typebar-bench-hub-"));
  const compile = (name: string, sources: readonly string[]): string => {
    const path = join(dir, name);
    const files = sources.map((source) => join(sourceDir, `${source}.c`));
    const { status } = spawnSync(compiler, ["-O2", "-Wall", "-Wextra", "-o", path, ...files], {
      stdio: ["ignore", 2, 2],
    });
    if (status !== 0) throw new Error(`${name} did not compile; what the compiler said stands above.`);
    return path;
  };
  return {
    load: compile("load", loadSources),
    floor: compile("floor", floorSources),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}
