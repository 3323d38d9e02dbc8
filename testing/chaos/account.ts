/** A violation -> what a person needs to understand it: the answer's way, what was shown around it, what broke, what the nodes said. Called by main.ts. */
import type { Evidence, GenerationEvidence } from "./evidence.ts";
import type { Followed } from "./follower.ts";
import type { Violation } from "./verdict.ts";

export interface Happening {
  atMs: number;
  text: string;
}

export interface AccountOptions {
  evidence: Evidence;
  violations: readonly Violation[];
  happenings: readonly Happening[];
  /** Of all nodes, each with its name before it. */
  nodeLines: readonly string[];
}

const maxGenerations = 10;
const maxLines = 16;

export function writeAccount({ evidence, violations, happenings, nodeLines }: AccountOptions): string {
  const lines = violations.filter(({ generationId }) => generationId === undefined).map(({ what }) => what);
  const byGeneration = Map.groupBy(
    violations.filter(({ generationId }) => generationId !== undefined),
    ({ generationId }) => generationId,
  );
  for (const [generationId, found] of [...byGeneration].slice(0, maxGenerations)) {
    const generation = evidence.generations.find((one) => one.generationId === generationId);
    if (!generation) continue;
    lines.push("", ...describeGeneration(generation));
    for (const { follower, what } of found.slice(0, maxLines)) {
      lines.push(`  ${follower === undefined ? "" : `follower ${follower}: `}${what}`);
    }
    const followers = new Set(found.flatMap(({ follower }) => (follower === undefined ? [] : [follower])));
    for (const follower of followers) {
      const followed = follower === "late" ? generation.late : generation.followers[follower];
      if (followed) lines.push(...describeFollower(follower, followed));
    }
    lines.push("  what the nodes said of it:");
    const said = nodeLines.filter((line) => line.includes(generation.generationId));
    lines.push(...said.slice(-maxLines).map((line) => `    ${line}`));
  }
  if (byGeneration.size > maxGenerations) lines.push("", `and ${byGeneration.size - maxGenerations} more generations`);
  if (violations.length > 0) {
    lines.push("", "what happened:", ...happenings.map(({ atMs, text }) => `  ${seconds(atMs)}  ${text}`));
  }
  return lines.join("\n");
}

function describeGeneration({ generationId, message, model, log, stored, writers }: GenerationEvidence): string[] {
  const epochs = Map.groupBy(log, ({ epoch }) => epoch);
  const ranges = [...epochs].map(([epoch, records]) => `${epoch}: ${records[0]?.seq} to ${records.at(-1)?.seq}`);
  return [
    `generation ${generationId}, "${message}", model ${model}`,
    `  stored: ${stored.map(({ state, code, takeovers, text }) => `${state} ${code ?? ""}, ${takeovers} takeovers, ${text.length} characters`).join("; ")}`,
    `  log: ${ranges.join("; ") || "none"}`,
    `  writers: ${writers.map(({ epoch, writers: names }) => `${epoch}: ${names.join(" and ")}`).join("; ") || "none"}`,
  ];
}

function describeFollower(name: number | "late", { events }: Followed): string[] {
  const shown = events
    .slice(-8)
    .map(({ atMs, event, data, id }) => `    ${seconds(atMs)}  ${event} ${id} ${data.slice(0, 120)}`);
  return [`  the last of ${events.length} events of follower ${name}:`, ...shown];
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}
