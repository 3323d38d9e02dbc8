/** The text of `--help`. Given out by load-config.ts. */
import { toFlag, variableNames, variableSchema, variableTexts } from "./variables.ts";
import type { Variable } from "./variables.ts";

export function createHelp(): string {
  const rows = variableNames.map((name): [string, string] => [
    `--${toFlag(name)} (${name})`,
    `${variableTexts[name].help}${defaultOf(name)}`,
  ]);
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    "typebar: a chat whose answers survive a refresh, a dead network and a killed server.",
    "",
    "typebar [start]        starts the server, with the settings below",
    "typebar ask QUESTION…  asks it from the terminal; typebar ask --help",
    "typebar tail URL       prints any event stream; typebar tail --help",
    "",
    "Each setting is taken from its flag, else from the environment, else from typebar.json in the working directory,",
    "under the name in brackets. With _FILE (a flag: -file) after its name, it is read from that file.",
    "",
    ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`),
    `  ${"--help".padEnd(width)}  shows this`,
    `  ${"--version".padEnd(width)}  shows the version`,
  ].join("\n");
}

function defaultOf(name: Variable): string {
  const value = variableSchema.entries[name].default;
  return value === undefined || value === "" ? "" : ` [${value}]`;
}
