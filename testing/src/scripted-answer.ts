/**
 * What the scripted model says: a pure function of the user's prompt, so that a test knows every character beforehand.
 * Called by scripted-chat.ts and by tests.
 *
 * Directives are words of the prompt:
 *
 * | word | meaning |
 * |---|---|
 * | `script:<flavour>:<seed>:<length>` | the text: flavour `mixed`, `plain` or `markdown`; at least `length` code points |
 * | `delay:<ms>` | pause before each delta |
 * | `first:<ms>` | pause before the first delta |
 * | `deltas:<count>` | into how many deltas the text is cut |
 * | `reasoning:<length>` | a reasoning phase of at least `length` code points comes first |
 * | `hold:<count>` | waits after that many deltas until the test calls `release` |
 * | `call:<tool>:<JSON>` | calls that tool of the client at the end, in a text of its own only with `script:`; may stand more than once |
 * | `fault:<name>[:<times>]` | the fault; `times` = how many requests of this prompt suffer it (429: once, others: always) |
 *
 * A prompt without `script:` is answered with a `mixed` text seeded by the prompt itself.
 */
import { parseCalls } from "./scripted-calls.ts";
import { createRandom, hashText, type Random, pick, randomInteger } from "./random.ts";

export const scriptFaults = [
  "401",
  "429",
  "500",
  "html",
  "half",
  "silence",
  "error-midstream",
  "no-end",
  "reset",
  "empty",
] as const;
export type ScriptFault = (typeof scriptFaults)[number];

export interface Script {
  flavour: "mixed" | "plain" | "markdown";
  seed: number;
  /** In code points; the text is at least this long and ends with a whole segment. */
  length: number;
  delayMs: number | undefined;
  firstDelayMs: number;
  deltas: number | undefined;
  reasoningLength: number;
  holdAfterDeltas: number | undefined;
  fault: { name: ScriptFault; times: number } | undefined;
}

/** @throws {Error} for a directive that does not parse: a test with a typo must not pass. */
export function parseScript(prompt: string): Script {
  const words = prompt.split(/\s+/u);
  const find = (name: string): string | undefined =>
    words.find((word) => word.startsWith(`${name}:`))?.slice(name.length + 1);
  const [flavour = "mixed", seed, length] = find("script")?.split(":") ?? [];
  if (flavour !== "mixed" && flavour !== "plain" && flavour !== "markdown") {
    throw new Error(`Unknown flavour "${flavour}" in a script directive`);
  }
  return {
    flavour,
    seed: toCount("script", seed) ?? hashText(prompt),
    length: toCount("script", length) ?? 400,
    delayMs: toCount("delay", find("delay")),
    firstDelayMs: toCount("first", find("first")) ?? 0,
    deltas: toCount("deltas", find("deltas")),
    reasoningLength: toCount("reasoning", find("reasoning")) ?? 0,
    holdAfterDeltas: toCount("hold", find("hold")),
    fault: toFault(find("fault")),
  };
}

/** The exact text that answers `prompt`. */
export function scriptedAnswer(prompt: string): string {
  const { flavour, seed, length } = parseScript(prompt);
  if (parseCalls(prompt).length > 0 && !prompt.includes("script:")) return "";
  return writeText(flavour, seed, length);
}

/** The exact reasoning that precedes the answer to `prompt`; empty without a `reasoning:` directive. */
export function scriptedReasoning(prompt: string): string {
  const { seed, reasoningLength } = parseScript(prompt);
  return reasoningLength === 0 ? "" : writeText("plain", seed ^ 0x5eed, reasoningLength);
}

/** Cuts a text between code points, never inside one: into `count` deltas, or into deltas of 1 to 12 code points. */
export function cutIntoDeltas(text: string, count: number | undefined, random: Random): string[] {
  const points = Array.from(text);
  const cuts = new Set<number>();
  if (count === undefined) {
    for (let at = 0; at < points.length; at += randomInteger(random, 1, 12)) cuts.add(at);
  } else {
    cuts.add(0);
    while (cuts.size < Math.min(count, points.length)) cuts.add(randomInteger(random, 1, points.length - 1));
  }
  const starts = [...cuts].sort((left, right) => left - right);
  return points.length === 0 ? [] : starts.map((start, index) => points.slice(start, starts[index + 1]).join(""));
}

function toCount(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/u.test(value)) throw new Error(`Directive "${name}" wants a whole number, got "${value}"`);
  return Number(value);
}

function toFault(value: string | undefined): Script["fault"] {
  if (value === undefined) return undefined;
  const [first, times] = value.split(":");
  const name = scriptFaults.find((fault) => fault === first);
  if (name === undefined) throw new Error(`Unknown fault "${value}"`);
  return { name, times: toCount("fault", times) ?? (name === "429" ? 1 : Number.POSITIVE_INFINITY) };
}

function writeText(flavour: Script["flavour"], seed: number, length: number): string {
  const random = createRandom(seed);
  const segments = segmentsByFlavour[flavour];
  // The seed stands first and each segment is numbered: no two texts begin alike, and none repeats itself.
  let text = `${flavour}-${seed}: `;
  let points = text.length;
  for (let index = 1; points < length; index += 1) {
    const write = pick(segments, random);
    const segment = write(`${index}.${randomInteger(random, 100, 999)}`);
    text += segment;
    points += Array.from(segment).length;
  }
  return text;
}

const plainSegments: ((label: string) => string)[] = [
  (label) => `word ${label}, `,
  (label) => `a longer run of words numbered ${label}; `,
  (label) => `and ${label}.\n`,
];

const markdownSegments: ((label: string) => string)[] = [
  (label) => `A sentence of **bold ${label}** and *slanted* words with \`code ${label}\`. `,
  (label) => `\n\n## Heading ${label}\n\n`,
  (label) => `\n\n- item ${label}\n- another item\n  - nested ${label}\n\n`,
  (label) => `\n\n\`\`\`ts\nconst value${label.replace(".", "_")} = "${label}";\n\`\`\`\n\n`,
  (label) => `\n\n| column | number |\n|---|---|\n| row | ${label} |\n\n`,
  (label) => `第${label}段:你好,世界。`,
  (label) => `[a link ${label}](https://example.com/${label}) `,
];

/** What breaks streams: wide characters, joined emoji, right-to-left runs, and text that looks like the wire. */
const mixedSegments: ((label: string) => string)[] = [
  (label) => `word ${label}, `,
  (label) => `你好世界${label},流式输出。`,
  (label) => `日本語${label}のテキスト、`,
  (label) => `한국어 ${label} 문장. `,
  (label) => `family ${label} 👨‍👩‍👧‍👦 flag 🇪🇺🇯🇵 skin 👍🏽 `,
  (label) => `e\u0301a\u0308o\u0302 ${label} q\u0323\u0307 `,
  (label) => `שלום ${label} مرحبا بالعالم `,
  (label) => `\ndata: {"choices":[{"delta":{"content":"${label}"}}]}\n\n`,
  (label) => `\nevent: close ${label}\nid: ${label}\nretry: 1\n\ndata: [DONE]\n\n`,
  (label) => `\n: a comment ${label}\r\n\r\n`,
  (label) => `\n\`\`\`js\nconsole.log("${label}\\n\\u0000");\n\`\`\`\n`,
  (label) => `<b>&amp;${label}</b> "quoted" \\ back\tslash `,
  (label) => `\u2028line ${label}\u2029\uFEFFmark `,
];

const segmentsByFlavour = { plain: plainSegments, markdown: markdownSegments, mixed: mixedSegments };
