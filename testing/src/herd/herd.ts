/**
 * Many followers of one channel that come back by themselves, each after the time that it was told, with the last event ID that it saw.
 * They check what they get as plainly as can be: each event's number is one more than that of the event before.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Herd {
  /** Opens so many, some at a time, and waits until each is told that it follows. */
  gather(count: number): Promise<void>;
  /** From now on it is counted who is back. */
  watchReturn(): HerdReturn;
  /** Waits until each has the event of that number, as long as somebody gets on. */
  settle(lastNumber: number): Promise<HerdVerdict>;
  close(): void;
}

export interface HerdReturn {
  /** Settles when each was cut off and is back: for each, the milliseconds that took since the beginning. Sorted. */
  done: Promise<readonly number[]>;
  /** The longest time that one was told to wait, in milliseconds. */
  longestRetryMs(): number;
  /** Attempts that reached no server. */
  failedAttempts(): number;
}

/** All 0 where nothing went wrong. */
export interface HerdVerdict {
  /** Events that did not come, at all followers together. */
  missed: number;
  /** Events that came again. */
  doubled: number;
  /** Answers that were not what they should be: another status, a `reset`, another position than the one that was asked for. */
  refused: number;
  /** Followers that did not get the last event. */
  behind: number;
}

const atOnce = 250;

interface Block {
  event: string;
  data: string;
  id: string;
}

export function createHerd(port: number): Herd {
  const faults = { missed: 0, doubled: 0, refused: 0 };
  const followers: Follower[] = [];
  let isClosed = false;
  let returning: { sinceMs: number; timesMs: number[]; failed: number; resolve: () => void } | undefined;
  let waitingForReady: (() => void) | undefined;

  class Follower {
    /** Last event ID and its number; the empty ID before the first. */
    lastId = "";
    number = 0;
    retryMs = 1000;
    /** Counted as back since `watchReturn`. */
    isBack = false;
    socket: Socket | undefined;
    #rest = "";
    #block: Block = { event: "message", data: "", id: "" };

    open(): void {
      const socket = connect(port, "127.0.0.1");
      this.socket = socket;
      this.#rest = "";
      this.#block = { event: "message", data: "", id: "" };
      let hasAnswer = false;
      const header = this.lastId === "" ? "" : `Last-Event-ID: ${this.lastId}\r\n`;
      socket.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${header}\r\n`);
      socket.setEncoding("latin1").on("data", (text: string) => {
        if (!hasAnswer && !text.startsWith("HTTP/1.1 200 ")) faults.refused += 1;
        hasAnswer = true;
        this.#read(text);
      });
      socket.on("error", () => undefined);
      socket.on("close", () => {
        if (isClosed) return;
        if (!hasAnswer && returning) returning.failed += 1;
        setTimeout(() => this.open(), this.retryMs);
      });
    }

    /** Sizes of chunks are lines that end in CR: the server cuts its chunks between lines. */
    #read(text: string): void {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "") this.#end();
        else if (line.startsWith("id: ")) this.#block.id = line.slice(4);
        else if (line.startsWith("event: ")) this.#block.event = line.slice(7);
        else if (line.startsWith("data: ")) this.#block.data = line.slice(6);
        else if (line.startsWith("retry: ")) this.retryMs = Number(line.slice(7));
      }
    }

    #end(): void {
      const { event, data, id } = this.#block;
      this.#block = { event: "message", data: "", id: "" };
      // Only a server that does not know the ID that it was asked for begins without one.
      if (id === "") faults.refused += event === "message" ? 0 : 1;
      if (id === "") return;
      const number = Number(id.split(":").at(-1));
      if (event === "ready") this.#begin(number);
      else if (event !== "message" || Number(data) !== number) faults.refused += 1;
      else if (number > this.number + 1) faults.missed += number - this.number - 1;
      else if (number <= this.number) faults.doubled += 1;
      this.number = number;
      this.lastId = id;
    }

    #begin(number: number): void {
      if (this.lastId !== "" && number !== this.number) faults.refused += 1;
      waitingForReady?.();
      if (!returning || this.isBack) return;
      this.isBack = true;
      returning.timesMs.push(performance.now() - returning.sinceMs);
      if (returning.timesMs.length === followers.length) returning.resolve();
    }
  }

  async function openSome(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let ready = 0;
    waitingForReady = () => {
      ready += 1;
      if (ready === count) resolve();
    };
    for (let index = 0; index < count; index++) {
      const follower = new Follower();
      followers.push(follower);
      follower.open();
    }
    await promise;
    waitingForReady = undefined;
  }

  return {
    async gather(count) {
      for (let left = count; left > 0; left -= atOnce) await openSome(Math.min(left, atOnce));
    },
    watchReturn() {
      const { promise, resolve } = Promise.withResolvers<void>();
      for (const follower of followers) follower.isBack = false;
      const watched = { sinceMs: performance.now(), timesMs: [] as number[], failed: 0, resolve };
      returning = watched;
      const toldMs = followers.map(({ retryMs }) => retryMs);
      return {
        done: promise.then(() => watched.timesMs.toSorted((a, b) => a - b)),
        longestRetryMs: () => toldMs.reduce((most, retryMs) => Math.max(most, retryMs), 0),
        failedAttempts: () => watched.failed,
      };
    },
    async settle(lastNumber) {
      const sumNumbers = (): number => followers.reduce((sum, { number }) => sum + number, 0);
      const countBehind = (): number => followers.filter(({ number }) => number < lastNumber).length;
      for (let before = -1; countBehind() > 0 && sumNumbers() > before;) {
        before = sumNumbers();
        await sleep(2000);
      }
      return { ...faults, behind: countBehind() };
    },
    close() {
      isClosed = true;
      for (const { socket } of followers) socket?.destroy();
    },
  };
}
