/** The transport is a ChatTransport to TypeScript under each version of the AI SDK. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const testDir = import.meta.dirname;
const usagePath = join(testDir, "usage.ts");

/** What the compiler says to the sources and a use of them, where `ai` is the given package's main file. */
function check(aiMain: string): string[] {
  const configPath = join(testDir, "../tsconfig.json");
  const config = ts.getParsedCommandLineOfConfigFile(
    configPath,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic },
  );
  const types = fileURLToPath(aiMain).replace(/index\.m?js$/u, "index.d.ts");
  const program = ts.createProgram([usagePath], {
    ...config?.options,
    rootDir: dirname(dirname(testDir)),
    noEmit: true,
    paths: { ai: [types] },
  });
  expect(program.getSourceFile(types), types).toBeDefined();
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
}

function onUnRecoverableConfigFileDiagnostic({ messageText }: ts.Diagnostic): void {
  throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("types", () => {
  it.each([
    ["5", import.meta.resolve("ai-5")],
    ["6", import.meta.resolve("ai-6")],
    ["7", import.meta.resolve("ai")],
  ])("hold under ai %s", (_version, aiMain) => {
    expect(check(aiMain)).toEqual([]);
  });
});
