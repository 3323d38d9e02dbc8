/** Every relative link of every tracked markdown file leads to a tracked file or folder, and to a heading that is there; none leaves a published package. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const rootDir = fileURLToPath(new URL("../..", import.meta.url));
const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: rootDir, encoding: "utf8" }).split("\0").filter(Boolean);
const files = new Set(tracked);
const folders = new Set(tracked.flatMap(foldersOf));
const pages = tracked.filter((path) => path.endsWith(".md"));

/** `a/b/c.md` -> `a/b`, `a`. */
function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

function readPage(path: string): string {
  return readFileSync(`${rootDir}/${path}`, "utf8");
}

/** Code is no prose: what looks like a link or a heading in it is none. */
function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2 *$/gmu, "");
}

/** Fragments of a page's headings, as GitHub makes them. */
function fragmentsOf(markdown: string): Set<string> {
  const seen = new Map<string, number>();
  const fragments = new Set<string>();
  for (const [, heading = ""] of withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gmu)) {
    const plain = heading
      .replaceAll("`", "")
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, "$1")
      .toLowerCase();
    const fragment = plain.replaceAll(/[^\p{L}\p{M}\p{N}_\- ]/gu, "").replaceAll(" ", "-");
    const count = seen.get(fragment) ?? 0;
    seen.set(fragment, count + 1);
    fragments.add(count === 0 ? fragment : `${fragment}-${count}`);
  }
  return fragments;
}

/** What is wrong with one link; `undefined` if nothing is. */
function linkFault(page: string, target: string): string | undefined {
  const [file = "", fragment] = decodeURI(target).split("#");
  const path = file === "" ? page : posix.normalize(posix.join(posix.dirname(page), file)).replace(/\/$/u, "");
  // A package's README is shown where only the package is.
  const [packageFolder] = /^packages\/[^/]+\//u.exec(page) ?? [""];
  if (!path.startsWith(packageFolder)) return `${page}: ${target} leaves the package`;
  if (folders.has(path)) return undefined;
  if (!files.has(path)) return `${page}: ${target} leads to nothing`;
  if (fragment === undefined || !path.endsWith(".md")) return undefined;
  return fragmentsOf(readPage(path)).has(fragment) ? undefined : `${page}: ${target} names no heading`;
}

function linksOf(page: string): string[] {
  const prose = withoutFences(readPage(page)).replaceAll(/`[^`\n]*`(?!\])/gu, "");
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/gu), ([, target]) => target ?? "");
  return targets.filter((target) => !/^(?:[a-z]+:|\/\/)/u.test(target));
}

describe("links between markdown files", () => {
  it("finds the pages, and links on them", () => {
    expect(pages.length).toBeGreaterThan(0);
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(0);
  });

  it.each(pages)("lead somewhere in %s", (page) => {
    expect(
      linksOf(page)
        .map((target) => linkFault(page, target))
        .filter(Boolean),
    ).toEqual([]);
  });

  it("are seen to lead nowhere when they do", () => {
    expect(linkFault("README.md", "docs/none.md")).toContain("leads to nothing");
    expect(linkFault("README.md", "PROTOCOL.md#no-such-heading")).toContain("names no heading");
    expect(linkFault("docs/en/models.md", "../../PROTOCOL.md")).toBeUndefined();
    expect(linkFault("packages/sse/README.md", "../../PROTOCOL.md")).toContain("leaves the package");
  });
});
