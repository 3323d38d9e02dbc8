/** Loaded before a server's program: on SIGUSR2 the process clears away what is garbage and prints what it holds. Asked by watch-process. */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

async function tell(): Promise<void> {
  // What is freed by callbacks of the first is garbage for the second.
  for (let round = 0; round < 3; round++) {
    collectGarbage();
    await sleep(50);
  }
  const { heapUsed, rss, external } = process.memoryUsage();
  console.log(`memory-probe ${JSON.stringify({ heapBytes: heapUsed, rssBytes: rss, externalBytes: external })}`);
}

process.on("SIGUSR2", () => void tell());
