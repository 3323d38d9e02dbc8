/** The packages as they are published: packed, installed in a stranger's project, and used from there. */
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packPackages } from "../../../scripts/pack/pack-packages.ts";
import type { PackedPackage } from "../../../scripts/pack/pack-packages.ts";
import { createStranger, end } from "./stranger.ts";
import type { Ended, Stranger } from "./stranger.ts";

const run = promisify(execFile);
const require = createRequire(import.meta.url);
const attwPath = join(dirname(require.resolve("@arethetypeswrong/cli/package.json")), "dist/index.js");
const typescriptOutput = {
  memory: ["1 hello", "2 bye"],
  sqlite: ["1 hello", "2 bye"],
  parsed: [{ event: "no such code", data: '{"type":"text-delta","id":"t0","delta":"Hi"}', lastEventId: "network" }],
};

let dir: string;
let packed: PackedPackage[];
let stranger: Stranger;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "typebar-packed-"));
  packed = await packPackages(dir);
  stranger = await createStranger(join(dir, "stranger"), packed);
}, 120_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function attw(tarballPath: string): Promise<Ended> {
  return end(run(process.execPath, [attwPath, tarballPath, "--profile", "esm-only", "--no-emoji", "--no-color"]));
}

/** `import` names of all that the packages export. */
function specifiers(): string[] {
  return packed.flatMap(({ manifest }) =>
    Object.keys(manifest.exports ?? {}).map((path) => manifest.name + path.slice(1)),
  );
}

describe("the packed packages", () => {
  it("are all that are published", () => {
    expect(packed.map(({ manifest }) => manifest.name)).toEqual(
      expect.arrayContaining(["sse", "client", "log", "server", "chat"].map((name) => `@typebar/${name}`)),
    );
  });

  it("hold what was built, a README and the licence, and nothing of the repository", async () => {
    for (const { manifest, tarballPath, stagedDir } of packed) {
      const { stdout } = await run("tar", ["-tzf", tarballPath]);
      const files = stdout
        .trimEnd()
        .split("\n")
        .map((path) => path.replace(/^package\//u, ""));
      expect(files, manifest.name).toEqual(expect.arrayContaining(["LICENSE", "README.md", "package.json"]));
      const others = files.filter(
        (path) => !/^(?:LICENSE|README\.md|package\.json|dist\/.+\.(?:js|d\.ts))$/u.test(path),
      );
      expect(others, manifest.name).toEqual([]);
      for (const path of globSync("{package.json,dist/**/*}", { cwd: stagedDir, withFileTypes: true })) {
        if (!path.isFile()) continue;
        const text = readFileSync(join(path.parentPath, path.name), "utf8");
        // A condition or an import that leads to sources, which are not there.
        expect(
          text.match(/typebar-source|(?:from|import\() ?"\.[^"]*\.ts"/u)?.[0],
          `${manifest.name} ${path.name}`,
        ).toBeUndefined();
      }
    }
  });

  it("are installed by npm, each one whole, and can be imported by every name they export", async () => {
    const names = specifiers();
    const script = `for (const name of ${JSON.stringify(names)}) {
      const url = import.meta.resolve(name);
      if (!url.startsWith(${JSON.stringify(`file://${stranger.dir}/node_modules/`)})) throw new Error(url);
      if (typeof (await import(name)) !== "object") throw new Error(name);
    }
    console.log("all there"); process.exit(0);`;
    expect(names.length).toBeGreaterThan(6);
    expect(await stranger.node("--input-type=module", "-e", script)).toEqual({ code: 0, output: "all there\n" });
  });

  it("work together from JavaScript", async () => {
    const { code, output } = await stranger.node("use.mjs");
    const seen = ["one", "two", "finish", "abort", "error", "[DONE]"];
    expect([code, output]).toEqual([0, `${JSON.stringify({ seen, errors: true })}\n`]);
  });

  it.each([
    { name: "nodenext", options: { module: "nodenext" } },
    { name: "bundler", options: { module: "esnext", moduleResolution: "bundler" } },
  ])("are typed for TypeScript with $name", async ({ options }) => {
    expect(await stranger.compile(options)).toEqual({ code: 0, output: "" });
  });

  it("work together from TypeScript", async () => {
    const { code, output } = await stranger.node("use.ts");
    expect([code, output]).toEqual([0, `${JSON.stringify(typescriptOutput)}\n`]);
  });

  it("leave the server out where only the chat client is installed", async () => {
    const ownNeeds = (name: string): PackedPackage[] => {
      const found = packed.find(({ manifest }) => manifest.name === name);
      return found ? [found, ...Object.keys(found.manifest.dependencies ?? {}).flatMap(ownNeeds)] : [];
    };
    const needed = ownNeeds("@typebar/chat-client");
    const page = await createStranger(join(dir, "page"), needed);
    expect(readdirSync(join(page.dir, "node_modules/@typebar")).toSorted()).toEqual(["chat-client", "client", "sse"]);
    const script = `import { ChatError, createChatClient } from "@typebar/chat-client";
      const server = { fetch: async () => Response.json({ code: "not-found", title: "Not found" }, { status: 404 }) };
      await createChatClient({ baseUrl: "http://127.0.0.1", ...server }).readConversation("none").catch((error) => {
        console.log(error instanceof ChatError, error.code);
      });`;
    expect(await page.node("--input-type=module", "-e", script)).toEqual({ code: 0, output: "true not-found\n" });
    writeFileSync(
      join(page.dir, "use.ts"),
      'import type { Answer } from "@typebar/chat-client";\nexport const state: Answer["state"] = "none";\n',
    );
    // The type is known: with an unresolved import it would be `any`, and everything would do.
    expect((await page.compile({ module: "nodenext" })).output).toContain("Type '\"none\"' is not assignable");
  });

  it("please publint", async () => {
    for (const { manifest, stagedDir } of packed) {
      const { messages, pkg } = await publint({ pkgDir: stagedDir, pack: false, strict: true });
      expect(
        messages.map((message) => formatMessage(message, pkg)),
        manifest.name,
      ).toEqual([]);
    }
  });

  it("please attw, as ES modules", async () => {
    const results = await Promise.all(packed.map(({ tarballPath }) => attw(tarballPath)));
    expect(results.filter(({ code }) => code !== 0).map(({ output }) => output)).toEqual([]);
  });

  it("are seen by both to be broken when they are", async () => {
    const [first] = packed;
    const brokenDir = join(dir, "broken");
    cpSync(first?.stagedDir ?? "", brokenDir, { recursive: true });
    rmSync(join(brokenDir, "dist/index.d.ts"));
    const { messages } = await publint({ pkgDir: brokenDir, pack: false, strict: true });
    expect(messages.map(({ code }) => code)).toContain("FILE_DOES_NOT_EXIST");
    const { stdout } = await run("npm", ["pack", brokenDir, "--pack-destination", brokenDir, "--silent"]);
    expect((await attw(join(brokenDir, stdout.trim()))).code).toBe(1);
  });
});
