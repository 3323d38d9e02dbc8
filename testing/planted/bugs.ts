/** Bugs that would break a promise, each with the test that must see it. Read by testing/test/planted.test.ts. */

export interface PlantedBug {
  name: string;
  /** From the top of the repository. */
  file: string;
  /** Stands in the file exactly once. */
  search: string;
  replace: string;
  /** The test that must fail, and pass without the bug. */
  caughtBy: {
    file: string;
    /** Part of its name. */
    test: string;
  };
}

const faults = "testing/test/faults";

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "no fence: whoever lost the lease may still append",
    file: "packages/log/src/drivers/sqlite/group-commit.ts",
    search: 'if (!head || (expected !== "any" && (head.epoch !== expected.epoch || seq !== expected.seq))) {',
    replace: "if (!head) {",
    caughtBy: { file: "packages/log/test/sqlite.test.ts", test: "compare-and-set" },
  },
  {
    name: "told before persisted: readers are shown what the store then refuses",
    file: "packages/log/src/drivers/sqlite/group-commit.ts",
    search: "      commit.run();\n",
    replace: `      for (const [head, growth] of grown) grow(head, growth, atMs, sinceMs);
      grown.clear();
      for (const { append } of written) onAppended(append.logId);
      commit.run();
`,
    caughtBy: { file: `${faults}/store.test.ts`, test: "has shown nothing that was not stored" },
  },
  {
    name: "merge off by one: the joined chunk stands under its first record's ID",
    file: "packages/chat/src/generation/records.ts",
    search: "      run.last = record;\n",
    replace: "",
    caughtBy: { file: `${faults}/every-byte.test.ts`, test: "over real connections" },
  },
  {
    name: "merge off by one: the last record is left out of the joined chunk",
    file: "packages/chat/src/generation/records.ts",
    search: "merged.push(count === 1 ? last : { ...last, payload: toPayload({ type, id, delta }) });",
    replace: `const lastChunk = parseDelta(last.payload);
    const short = delta.slice(0, delta.length - (lastChunk?.delta.length ?? 0));
    merged.push(count === 1 ? last : { ...last, payload: toPayload({ type, id, delta: short }) });`,
    caughtBy: { file: `${faults}/every-byte.test.ts`, test: "of a live response" },
  },
  {
    name: "the ID stands before the data in a block",
    file: "packages/sse/src/encode.ts",
    search: "return `${block}\\n`;",
    replace: 'return `${block.replace(/^([^]*?)(id: .*\\n)$/, "$2$1")}\\n`;',
    caughtBy: { file: `${faults}/every-byte.test.ts`, test: "remembers an ID by its line" },
  },
  {
    name: "no close after a cut at the end: the ID of the terminal chunk is taken for that of close",
    file: "packages/chat/src/routes/answer-stream.ts",
    search: "  if ((await log.head(logId))?.seq !== seq) return false;\n",
    replace: `  const lastSeq = (await log.head(logId))?.seq;
  if (lastSeq === seq + 1) return true;
  if (lastSeq !== seq) return false;
`,
    caughtBy: { file: `${faults}/every-byte.test.ts`, test: "of a live response" },
  },
  {
    name: "a second start after a takeover",
    file: "packages/chat/src/generation/produce.ts",
    search: "const seq = answer.started ? lease.seq : await begin(answer, options);",
    replace: "const seq = await begin(answer, options);",
    caughtBy: { file: `${faults}/kill9.test.ts`, test: "begins unfinished reasoning anew" },
  },
  {
    name: "the key look-up is deleted: a request that comes again asks again",
    file: "packages/chat/src/store/begin.ts",
    search: "  if (request.keys.length === 0) return undefined;\n",
    replace: "  return undefined;\n",
    caughtBy: { file: `${faults}/cuts.test.ts`, test: "each asked for once" },
  },
  {
    name: "neither key look-up nor stored keys: a request that comes again is paid again",
    file: "packages/chat/src/routes/chat.ts",
    search: "keys: [...keys, ...request.keys],",
    replace: "keys: [],",
    caughtBy: { file: `${faults}/cuts.test.ts`, test: "each asked for once" },
  },
  {
    name: "the prefill is one character short",
    file: "packages/chat/src/provider/to-prompt.ts",
    search: 'toMessage({ role: "assistant", text: continuation.keptText });',
    replace: 'toMessage({ role: "assistant", text: continuation.keptText.slice(0, -1) });',
    caughtBy: { file: "packages/chat/test/provider/continuation.test.ts", test: "byte for byte" },
  },
  {
    name: "catching up misses one record where it joins the live tail",
    file: "packages/server/src/tail.ts",
    search: "? cache.slice(index) : undefined",
    replace: "? cache.slice(index + 1) : undefined",
    caughtBy: { file: "packages/server/test/join.test.ts", test: "" },
  },
];
