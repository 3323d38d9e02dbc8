/** The text that `/metrics` answers with -> families and their samples; stricter than Prometheus itself. */

export interface Family {
  type: string;
  help: string;
  /** By name and labels as they are written: `name{label="value"}`. */
  samples: Map<string, number>;
}

const sampleForm =
  /^(?<id>(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>(?:[a-zA-Z_]\w*="[^"\\\n]*",?)+)\})?) (?<value>\S+)$/u;
const suffixes: Record<string, readonly string[]> = { histogram: ["_bucket", "_sum", "_count"] };

/** @throws {Error} that names the first line which is not as it must be. */
export function parsePrometheusText(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  let current: [string, Family] | undefined;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, kind, named = "", rest = ""] = /^# (HELP|TYPE) (\S+) (.+)$/u.exec(line) ?? [];
    if (kind === "HELP") {
      if (helps.has(named)) throw new Error(`a second HELP: ${line}`);
      helps.set(named, rest);
    } else if (kind === "TYPE") {
      if (!/^(?:counter|gauge|histogram|summary)$/u.test(rest)) throw new Error(`no such type: ${line}`);
      const help = helps.get(named);
      if (help === undefined || families.has(named)) throw new Error(`a TYPE without HELP, or a second one: ${line}`);
      current = [named, { type: rest, help, samples: new Map() }];
      families.set(...current);
    } else {
      addSample(line, current);
    }
  }
  for (const [name, family] of families) if (family.type === "histogram") checkHistogram(name, family);
  return families;
}

function addSample(line: string, current: [string, Family] | undefined): void {
  const { id, name, value } = sampleForm.exec(line)?.groups ?? {};
  if (id === undefined || name === undefined || value === undefined) throw new Error(`no sample: ${line}`);
  const number = value === "+Inf" ? Number.POSITIVE_INFINITY : Number(value);
  if (Number.isNaN(number)) throw new Error(`no number: ${line}`);
  const [family, { type = "", samples = new Map<string, number>() } = {}] = current ?? [];
  if (!(suffixes[type] ?? [""]).some((suffix) => name === `${family}${suffix}`)) throw new Error(`stray: ${line}`);
  if (samples.has(id)) throw new Error(`twice: ${line}`);
  samples.set(id, number);
}

/** Buckets grow, and the last of them is the count. */
function checkHistogram(name: string, { samples }: Family): void {
  const buckets = [...samples].filter(([id]) => id.startsWith(`${name}_bucket`) && !/\{.*,/u.test(id));
  const counts = buckets.map(([, count]) => count);
  if (counts.some((count, index) => count < (counts[index - 1] ?? 0))) throw new Error(`${name} shrinks`);
  if (buckets.length > 0 && counts.at(-1) !== samples.get(`${name}_count`)) throw new Error(`${name} miscounts`);
}
