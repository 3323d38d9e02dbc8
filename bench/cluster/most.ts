/**
 * The most that nodes carry: more and more answers are asked for, half as many again each step, until less than 97 % of what the model says
 * arrives. Tells what the model and the followers cost meanwhile: where they use a core up, they are the limit and not the nodes. Called by
 * cluster.ts.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { spokenPath, type Spoken } from "../latency/spoken.ts";
import type { Subject } from "./subjects.ts";

export interface Most {
  /** Of the last step that was carried, deltas a second; 0: not even the first was. */
  carried: number;
  /** Whether a bound of this benchmark ended it, and not the nodes. */
  endedBy: "nodes" | "bound" | "load-generator";
  /** At that step, of one core: the model's process; this one, which reads. */
  modelCores: number;
  readerCores: number;
}

export const answerPerSecond = 50;
const firstAnswers = 150;
const growth = 1.5;
const mostAnswers = 2400;
const carriedShare = 0.97;
const settleMs = 2500;
const measuredMs = 4000;
const askedAtOnce = 20;
/** Nodes that take longer for more answers are not offered them. */
const askingMs = 30_000;
/** One process that uses more of a core has no time left for more. */
const busyCores = 0.9;

export async function findMost(subject: Subject, modelUrl: string): Promise<Most> {
  const counter = createCounter();
  const most: Most = { carried: 0, endedBy: "bound", modelCores: 0, readerCores: 0 };
  let asked = 0;
  try {
    for (let answers = firstAnswers; answers <= mostAnswers; answers = Math.round(answers * growth)) {
      const wasAsked = await askUpTo(answers);
      const step = await measureStep(counter, modelUrl);
      const { offered, arrived, modelCores, readerCores } = step;
      const isBusy = Math.max(modelCores, readerCores) > busyCores;
      console.log(
        `${subject.name}, ${subject.nodeCount} nodes: ${answers} answers, ${Math.round(offered)} deltas/s said, ${Math.round(arrived)} arrived; ` +
          `cores used by the model ${modelCores.toFixed(2)}, by the followers ${readerCores.toFixed(2)}`,
      );
      // The model says less than was asked of it where it has no time.
      const isOffered = wasAsked && offered >= answers * answerPerSecond * carriedShare;
      if (!isOffered || arrived < offered * carriedShare) {
        most.endedBy = isBusy || (wasAsked && !isOffered) ? "load-generator" : "nodes";
        break;
      }
      Object.assign(most, { carried: arrived, modelCores, readerCores });
    }
  } finally {
    counter.close();
  }
  return most;

  async function askUpTo(answers: number): Promise<boolean> {
    const endMs = performance.now() + askingMs;
    while (asked < answers && performance.now() < endMs) {
      const count = Math.min(askedAtOnce, answers - asked);
      const begun = Array.from({ length: count }, (_, index) => subject.begin((asked + index) % subject.nodeCount));
      for (const [url] of await Promise.all(begun)) if (url !== undefined) counter.read(url);
      asked += count;
    }
    return asked >= answers;
  }
}

interface Step {
  offered: number;
  arrived: number;
  modelCores: number;
  readerCores: number;
}

async function measureStep(counter: Counter, modelUrl: string): Promise<Step> {
  await sleep(settleMs);
  const [before, ownBefore, countBefore, startMs] = [
    await readSpoken(modelUrl),
    process.cpuUsage(),
    counter.count,
    performance.now(),
  ];
  await sleep(measuredMs);
  const [after, own, count] = [await readSpoken(modelUrl), process.cpuUsage(ownBefore), counter.count];
  const seconds = (performance.now() - startMs) / 1000;
  return {
    offered: (after.deltas - before.deltas) / seconds,
    arrived: (count - countBefore) / seconds,
    modelCores: (after.cpuSeconds - before.cpuSeconds) / seconds,
    readerCores: (own.user + own.system) / 1e6 / seconds,
  };
}

async function readSpoken(modelUrl: string): Promise<Spoken> {
  return (await (await fetch(`${modelUrl}${spokenPath}`)).json()) as Spoken;
}

interface Counter {
  readonly count: number;
  read(url: string): void;
  close(): void;
}

/** Each delta begins with an at sign, and nothing else in an answer's stream holds one. */
const atSign = 64;

/** Only counts what comes, so that reading costs as little as it can. */
function createCounter(): Counter {
  const sockets: Socket[] = [];
  let count = 0;
  return {
    get count() {
      return count;
    },
    read(text) {
      const url = new URL(text);
      const socket = connect(Number(url.port), url.hostname);
      sockets.push(socket);
      socket.write(`GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        for (let at = bytes.indexOf(atSign); at !== -1; at = bytes.indexOf(atSign, at + 1)) count += 1;
      });
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
