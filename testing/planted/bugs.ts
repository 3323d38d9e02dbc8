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
const redisTests = "packages/log/test/redis.test.ts";
const hubTests = "packages/server/test/hub";

const turnsTest = "apps/web/test/page/turns.test.ts";
const tabsTest = "packages/chat-client/test/tabs.test.ts";

const typewriter = "apps/web/src/typewriter";
const rendererTest = "apps/web/test/typewriter/renderer.test.ts";

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "tabs: what lies between two events that another tab tells is not asked for",
    file: "packages/chat-client/src/generation-handle.ts",
    search: 'return isLater(event.lastEventId, lastEventId) ? "gap" : "had";',
    replace: 'return isLater(event.lastEventId, lastEventId) ? event : "had";',
    caughtBy: { file: tabsTest, test: "are not misled" },
  },
  {
    name: "tabs: an event that another tab tells again is taken again",
    file: "packages/chat-client/src/generation-handle.ts",
    search: 'return isLater(event.lastEventId, lastEventId) ? "gap" : "had";',
    replace: 'return isLater(event.lastEventId, lastEventId) ? "gap" : event;',
    caughtBy: { file: tabsTest, test: "are not misled" },
  },
  {
    name: "tabs: the one that comes to lead does not go on from its own place",
    file: "packages/chat-client/src/tabs/shared-stream.ts",
    search: "options.open({ signal, lastEventId, onStateChange: moveTo })",
    replace: 'options.open({ signal, lastEventId: lastEventId && "", onStateChange: moveTo })',
    caughtBy: { file: tabsTest, test: "hear each event of a channel once" },
  },
  {
    name: "tabs: one that is frozen keeps the lead",
    file: "packages/chat-client/src/tabs/lead.ts",
    search: "    place.release();\n    held.release();\n  }\n  // At once",
    replace: "    place.release();\n  }\n  // At once",
    caughtBy: { file: tabsTest, test: "hold nothing while they are frozen" },
  },
  {
    name: "tabs: a place is kept when its turn is over",
    file: "packages/chat-client/src/tabs/places.ts",
    search: "        channel.close();\n        held.release();\n",
    replace: "        channel.close();\n",
    caughtBy: { file: tabsTest, test: "leave room for requests" },
  },
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
  // That Redis tells before it stores cannot be planted: to everybody else a script is one step.
  {
    name: "redis: no fence: whoever lost the lease may still append",
    file: "packages/log/src/drivers/redis/lua/append.ts",
    search: "if not head or int(head.epoch) ~= ARGV[1] then return { 'fenced' } end",
    replace: "if not head then return { 'fenced' } end",
    caughtBy: { file: redisTests, test: "compare-and-set" },
  },
  {
    name: "redis: the wake-up is lost",
    file: "packages/log/src/drivers/redis/lua/append.ts",
    search: "if count > skipped then redis.call('PUBLISH', KEYS[1], 'append') end\n",
    replace: "",
    caughtBy: { file: redisTests, test: "wakes who follows in another process" },
  },
  {
    name: "redis: what was published while the connection was away is not looked for",
    file: "packages/log/src/drivers/redis/wake-ups.ts",
    search: "          channel.isTold = false;\n          channel.isBehind = true;\n",
    replace: "          channel.isTold = false;\n",
    caughtBy: { file: redisTests, test: "wakes again over a new connection" },
  },
  {
    name: "redis: an append does not renew the lease",
    file: "packages/log/src/drivers/redis/lua/append.ts",
    search: "if head.ttl > 0 then redis.call('HSET', KEYS[1], 'deadline', int(now + head.ttl)) end\n",
    replace: "",
    caughtBy: { file: redisTests, test: "is kept by renewing and by appending" },
  },
  {
    name: "redis: a publication whose answer was lost is sent again blindly",
    file: "packages/log/src/drivers/redis/lua/append.ts",
    search: "local done = again and redis.call('GET', KEYS[3])",
    replace: "local done = false",
    caughtBy: { file: redisTests, test: "answer was cut off .any" },
  },
  {
    name: "redis: an owner is fenced by its own append, whose answer was lost",
    file: "packages/log/src/drivers/redis/lua/append.ts",
    search: "if not again or not isStored(expected) then",
    replace: "if true then",
    caughtBy: { file: redisTests, test: "carried out only after the time-out" },
  },
  {
    name: "redis: what was read and then lost is written anew with other text",
    file: "packages/log/src/drivers/redis/lua/append.ts",
    search: "  if not again and ARGV[4] ~= '' and ARGV[4] ~= ARGV[3] then return { 'fenced' } end\n",
    replace: "",
    caughtBy: { file: redisTests, test: "in the place of what may have been read: other text" },
  },
  {
    name: "redis: after a lost tail the next epoch is one that was lost",
    file: "packages/log/src/drivers/redis/lua/script.ts",
    search: "  if head.history ~= history and epoch < now then epoch = now end\n",
    replace: "",
    caughtBy: { file: redisTests, test: "takes nothing written after a lost tail" },
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
  {
    name: "hub: an event is dropped where catching up joins the live tail",
    file: "packages/server/src/tail.ts",
    search: "? cache.slice(index) : undefined",
    replace: "? cache.slice(index === 0 ? 0 : index + 1) : undefined",
    caughtBy: { file: `${hubTests}/conformance.test.ts`, test: "reconnects on the memory log" },
  },
  {
    name: "hub: an event is doubled where catching up joins the live tail",
    file: "packages/server/src/tail.ts",
    search: "? cache.slice(index) : undefined",
    replace: "? cache.slice(cache.length > index ? Math.max(0, index - 1) : index) : undefined",
    caughtBy: { file: `${hubTests}/conformance.test.ts`, test: "reconnects on the memory log" },
  },
  {
    name: "hub: each event stands under the ID of the one before it",
    file: "packages/server/src/hub/channel-feed.ts",
    search: "text += `${lines}id: ${formatEventId(names, positions)}\\n\\n`;",
    replace: `const before = positions.map(({ epoch, seq }, at) => ({ epoch, seq: at === index ? seq - 1 : seq }));
        text += \`\${lines}id: \${formatEventId(names, before)}\\n\\n\`;`,
    caughtBy: { file: `${hubTests}/conformance.test.ts`, test: "reconnects on the memory log" },
  },
  {
    name: "hub: a history that was evicted is passed over without a reset",
    file: "packages/server/src/hub/channel-feed.ts",
    search: 'lines: formatLines("reset", JSON.stringify({ channel: name, reason })),',
    replace: 'lines: "",',
    caughtBy: { file: `${hubTests}/conformance.test.ts`, test: "evictions" },
  },
  {
    name: "hub: a client that leaves while authorize is asked keeps its place for ever",
    file: "packages/server/src/hub/followers.ts",
    search: "      undo.defer(() => slots.giveBack({ user, address }));\n",
    replace: "",
    caughtBy: { file: `${hubTests}/rights.test.ts`, test: "leaves while it is asked" },
  },
  {
    name: "hub: a client that leaves while the log is read stays registered for ever",
    file: "packages/server/src/connection.ts",
    search: '  if (exchange.isGone) return { type: "gone" };\n',
    replace: "",
    caughtBy: { file: `${hubTests}/rights.test.ts`, test: "web-standard request whose client leaves while the log" },
  },
  {
    name: "hub: rights that change while a stream is opened are not seen",
    file: "packages/server/src/hub/followers.ts",
    search: "      if (version !== rights.version) await recheckOne(follower);\n",
    replace: "",
    caughtBy: { file: `${hubTests}/rights.test.ts`, test: "between the last look and the first write" },
  },
  {
    name: "hub: a name that is missing by mistake may publish like the server itself",
    file: "packages/server/src/hub/publisher.ts",
    search: 'if ("as" in inName)',
    replace: "if (inName.as !== undefined)",
    caughtBy: { file: `${hubTests}/rights.test.ts`, test: "asks who publishes in a name" },
  },
  {
    name: "hub: browsers that come while it is being closed are refused, and give up",
    file: "packages/server/src/hub/send-away.ts",
    search: "/\\btext\\/event-stream\\b/i.test(accept",
    replace: "/\\bnobody\\b/i.test(accept",
    caughtBy: { file: `${hubTests}/refusals.test.ts`, test: "while it is being closed, so that they come back" },
  },
  {
    name: "hub: an event is put together anew for each connection",
    file: "packages/server/src/hub/channel-feed.ts",
    search: "      if (pull.position === after) latestEnd = answer;\n      else latest = answer;\n",
    replace: "      latest = answer;\n",
    caughtBy: { file: `${hubTests}/follow.test.ts`, test: "encodes each event once" },
  },
  {
    name: "hub: one write holds the largest event of each of its channels",
    file: "packages/server/src/hub/channel-feed.ts",
    search: "step < channels.length && text.length < maxBytes;",
    replace: "step < channels.length;",
    caughtBy: { file: `${hubTests}/slow-reader.test.ts`, test: "holds at most 256 KiB" },
  },
  {
    name: "whoever waits for a send is not told that the client is gone",
    file: "packages/server/src/direct-connections.ts",
    search: "onClosed: queue.close",
    replace: "onClosed: () => undefined",
    caughtBy: {
      file: "packages/server/test/direct-connections.test.ts",
      test: "go on when the client leaves without having read it",
    },
  },
  {
    name: "page: a file that did not reach the server is forgotten without a word",
    file: "apps/web/src/page/attachment-drafts.ts",
    search: "if (kind === null) {",
    replace: "if (false) {",
    caughtBy: { file: "apps/web/test/page/attachment-drafts.test.ts", test: "stays when it did not reach the server" },
  },
  {
    name: "page: a turn that goes on is taken for one that has not changed",
    file: "apps/web/src/page/transcript-turns.ts",
    search: '    if (next !== undefined && next.role !== "user") break;\n',
    replace: "",
    caughtBy: { file: turnsTest, test: "the last question is answered" },
  },
  {
    name: "page: a group of turns stays as it was though one of them has changed",
    file: "apps/web/src/page/turn-groups.ts",
    search: "old?.turns.length === own.length && old.turns.every((turn, at) => turn === own[at]);",
    replace: "old?.turns.length === own.length;",
    caughtBy: { file: turnsTest, test: "stay the same but for that" },
  },
  {
    name: "page: what is far from the view loses words of its text",
    file: "apps/web/src/page/plain-text.ts",
    search: '"$1")',
    replace: '"")',
    caughtBy: { file: turnsTest, test: "far text has the words" },
  },
  {
    name: "page: a part of an answer that is out of sight forgets its size",
    file: "apps/web/src/styles/answer.css",
    search: "contain-intrinsic-block-size: auto 6000px;",
    replace: "contain-intrinsic-block-size: 6000px;",
    caughtBy: { file: rendererTest, test: "has the size that it had: a list" },
  },
  {
    name: "page: blocks that are final are looked at again with each frame",
    file: `${typewriter}/dom/child-views.ts`,
    search: "if (final && index === finished) finished += 1;",
    replace: "",
    caughtBy: { file: rendererTest, test: "is none of the blocks that are final" },
  },
  {
    name: "page: a paragraph is read anew with each word",
    file: `${typewriter}/dom/inline-view.ts`,
    search: "if (open && plainRun.grow(rest, piece.tree)) return true;",
    replace: "",
    caughtBy: { file: rendererTest, test: "is nothing of a paragraph to which plain words come" },
  },
  {
    name: "page: what was read of a line on trial stays when it is taken back",
    file: `${typewriter}/blocks/trial.ts`,
    search: "  lines.length = lineCount;\n",
    replace: "",
    caughtBy: { file: rendererTest, test: "all documents in one" },
  },
  {
    name: "page: a link may run a script",
    file: `${typewriter}/inline/markdown.ts`,
    search: "const safeLink = /^(?:https?:\\/\\/|mailto:)/iu;",
    replace: "const safeLink = /^(?:https?:\\/\\/|mailto:|javascript:)/iu;",
    caughtBy: { file: rendererTest, test: "what an answer may not do" },
  },
  {
    name: "page: a diagram is drawn with the page's own origin",
    file: `${typewriter}/diagram/sandbox.ts`,
    search: 'frame.setAttribute("sandbox", "allow-scripts");',
    replace: 'frame.setAttribute("sandbox", "allow-scripts allow-same-origin");',
    caughtBy: { file: rendererTest, test: "draw diagrams anywhere but in a frame" },
  },
  {
    name: "page: an image's address is seen while it is typed",
    file: `${typewriter}/inline/mend-inline.ts`,
    search: "if (image) return close(out.slice(0, -1), openers);",
    replace: "",
    caughtBy: { file: "apps/web/test/typewriter/mend-inline.test.ts", test: "is shown as" },
  },
];
