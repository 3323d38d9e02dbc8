/** Bugs that would break what several nodes promise, each with the test that must see it. Read by testing/test/planted-cluster.test.ts. */
import type { PlantedBug } from "./bugs.ts";

const redisTests = "packages/log/test/redis.test.ts";
const nodesTests = "packages/chat/test/nodes/nodes.test.ts";
const takeoverTests = "packages/chat/test/routes/takeover.test.ts";
const presenceTests = "packages/server/test/hub/shared-presence.test.ts";
const clusterTests = "testing/test/cluster/takeover.test.ts";

export const clusterBugs: readonly PlantedBug[] = [
  {
    name: "cluster: a lease is not renewed while the model is silent",
    file: "packages/chat/src/generation/produce.ts",
    search: "  }, lease.ttlMs / 5);",
    replace: "  }, lease.ttlMs * 500);",
    caughtBy: { file: clusterTests, test: "keeps its answers" },
  },
  {
    name: "cluster: who was frozen goes on listening to its model",
    file: "packages/chat/src/generation/produce.ts",
    search: 'if (error instanceof LogError && error.code === "fenced") onFenced();',
    replace: "void error;",
    caughtBy: { file: clusterTests, test: "was frozen goes on at another" },
  },
  {
    name: "cluster: the epoch is not advanced at a takeover",
    file: "packages/log/src/drivers/redis/lua/script.ts",
    search: "  local epoch = head.epoch + 1\n",
    replace: "  local epoch = head.epoch\n",
    caughtBy: { file: redisTests, test: "is free after its deadline, with a greater epoch" },
  },
  {
    name: "cluster: a lease that is held can be taken",
    file: "packages/log/src/drivers/redis/lua/lease.ts",
    search: "if head and head.deadline > now and head.token ~= ARGV[4] then return false end\n",
    replace: "",
    caughtBy: { file: redisTests, test: "is held by one at a time" },
  },
  {
    name: "cluster: the prefill is doubled",
    file: "packages/chat/src/provider/to-prompt.ts",
    search: 'toMessage({ role: "assistant", text: continuation.keptText });',
    replace: 'toMessage({ role: "assistant", text: continuation.keptText.repeat(2) });',
    caughtBy: { file: clusterTests, test: "was killed goes on at another" },
  },
  {
    name: "cluster: the stop flag is not set for the node that works",
    file: "packages/chat/src/generation/generations.ts",
    search: "      await log.requestStop(id);\n      // The owner",
    replace: "      // The owner",
    caughtBy: { file: clusterTests, test: "an answer can be stopped" },
  },
  {
    name: "cluster: what was just asked for is taken away from the node that was asked",
    file: "packages/chat/src/generation/generations.ts",
    search: '(state !== "queued" || queuedBefore.has(id))',
    replace: '(state === "queued" || state === "running")',
    caughtBy: { file: takeoverTests, test: "at the second look" },
  },
  {
    name: "cluster: each node takes up everything",
    file: "packages/chat/src/generation/generations.ts",
    search: "nodes.isMine(id) && ",
    replace: "",
    caughtBy: { file: takeoverTests, test: "only by the node whose share it is" },
  },
  {
    name: "cluster: who could not begin an answer refuses it, though another goes on with it",
    file: "packages/chat/src/generation/generations.ts",
    search: "        if (!refused) return;\n",
    replace: "",
    caughtBy: { file: takeoverTests, test: "is left to the node that could" },
  },
  {
    name: "cluster: a log that lost its end is waited for",
    file: "packages/chat/src/routes/answer-stream.ts",
    search: "if (end && !(head && end.epoch !== 0 && head.seq === end.seq)) {",
    replace: "if (end && !head) {",
    caughtBy: { file: takeoverTests, test: "is shown from what is stored" },
  },
  {
    name: "cluster: whoever comes too late removes the log of an answer that another has ended",
    file: "packages/chat/src/generation/generations.ts",
    search: "if (!(await projectEnd(log, store, id, options.logTtlSeconds))) await log.expire(id, 0);",
    replace: "await log.expire(id, 0);",
    caughtBy: { file: takeoverTests, test: "keeps its log" },
  },
  {
    name: "cluster: the end is not projected",
    file: "packages/chat/src/generation/generations.ts",
    search: "      await projectEnd(log, store, id, options.logTtlSeconds, times);\n",
    replace: "",
    caughtBy: { file: "packages/chat/test/routes/failures.test.ts", test: "before its first word says so" },
  },
  {
    name: "cluster: a lease is not given up at the hand-over",
    file: "packages/chat/src/generation/generations.ts",
    search: "      await log.release(lease);\n",
    replace: "",
    caughtBy: { file: takeoverTests, test: "goes on in the open text part" },
  },
  {
    name: "cluster: what is handed over counts as cut off",
    file: "packages/chat/src/generation/generations.ts",
    search: "if (handover.aborted && (await isHeld(lease))) await store.addTakeover(id, -1);",
    replace: "",
    caughtBy: { file: takeoverTests, test: "may be handed over any number of times" },
  },
  {
    name: "cluster: who hands over what another has taken gives that one's attempt back",
    file: "packages/chat/src/generation/generations.ts",
    search: "handover.aborted && (await isHeld(lease))",
    replace: "handover.aborted",
    caughtBy: { file: takeoverTests, test: "counts as cut off all the same" },
  },
  {
    name: "cluster: an answer whose nodes die is taken up for ever",
    file: "packages/chat/src/generation/generations.ts",
    search: "takeovers > options.maxTakeovers",
    replace: "takeovers > Infinity",
    caughtBy: { file: takeoverTests, test: "was cut off too often" },
  },
  {
    name: "cluster: a follower that missed its wake-up does not look again",
    file: "packages/log/src/follow.ts",
    search: "const poll = setInterval(onWakeUp, pollMs);",
    replace: "const poll = setInterval(() => undefined, pollMs);",
    caughtBy: { file: "packages/log/test/memory.test.ts", test: "finds what a lost wake-up did not tell" },
  },
  {
    name: "cluster: a node that died is counted on for ever",
    file: "packages/chat/src/nodes/nodes.ts",
    search: "row.id !== id && silentMs(row) < lostMs",
    replace: "row.id !== id",
    caughtBy: { file: nodesTests, test: "has stopped beating is dead" },
  },
  {
    name: "cluster: a node that cannot write counts itself in",
    file: "packages/chat/src/nodes/nodes.ts",
    search: "    await check();\n",
    replace: "",
    caughtBy: { file: nodesTests, test: "cannot write answers" },
  },
  {
    name: "cluster: those who followed a dead process never leave",
    file: "packages/log/src/drivers/redis/roster.ts",
    search: ">= lostBeats)",
    replace: ">= lostBeats * 1e6)",
    caughtBy: { file: presenceTests, test: "who followed a killed one leaves" },
  },
  {
    name: "cluster: a user who follows at two processes joins twice",
    file: "packages/server/src/hub/presence-state.ts",
    search: "users: [...new Set(states.flatMap(({ users }) => users))],",
    replace: "users: states.flatMap(({ users }) => users),",
    caughtBy: { file: presenceTests, test: "at two of them there once" },
  },
  {
    name: "cluster: what two processes see is told by both",
    file: "packages/log/src/drivers/redis/lua/roster.ts",
    search: "if told ~= ARGV[2] then return 0 end\n",
    replace: "",
    caughtBy: { file: presenceTests, test: "nobody joins or leaves twice" },
  },
  {
    name: "cluster: those who followed a process that was frozen and wakes are not told of again",
    file: "packages/log/src/drivers/redis/roster.ts",
    search: "    if (wasLost) onLost(undefined);\n",
    replace: "",
    caughtBy: { file: presenceTests, test: "who followed a frozen one" },
  },
  {
    name: "cluster: whoever comes back is shown the answer from its start",
    file: "packages/chat/src/routes/answer-stream.ts",
    search: "await streams.open({ ...common, source, after: after ?? start });",
    replace: "await streams.open({ ...common, source, after: start });",
    caughtBy: { file: "testing/test/cluster/chaos.test.ts", test: "whatever breaks" },
  },
];
