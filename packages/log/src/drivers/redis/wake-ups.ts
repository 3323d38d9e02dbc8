/**
 * What Redis publishes -> the watchers of this process, over one connection of its own. Only a wake-up, and what is published while
 * Redis does not tell us is lost: whoever has read in that time is woken when it begins to. Used by index.ts.
 */
import type { WakeUp } from "../../record-log.ts";
import { createWatchers, type Watchers } from "../../watchers.ts";
import type { Connection } from "./connection.ts";
import type { Keys } from "./keys.ts";
import { type Link, openLink } from "./link.ts";

export interface WakeUps extends Watchers {
  /** The log is being read. */
  noteRead(logId: string): void;
  close(): void;
}

interface Channel {
  name: string;
  logId: string;
  watchers: number;
  /** Redis tells of it, over the connection that is open. */
  isTold: boolean;
  /** It was read before Redis told of it: perhaps too early. */
  isBehind: boolean;
}

export function openWakeUps(keys: Keys, connect: () => Promise<Connection>): WakeUps {
  const watchers = createWatchers();
  const channels = new Map<string, Channel>();
  let open: Connection | undefined;
  const link: Link = openLink({
    connect,
    onOpen(connection) {
      open = connection;
      void connection.ended.then(() => {
        if (open === connection) open = undefined;
        for (const channel of channels.values()) {
          channel.isTold = false;
          channel.isBehind = true;
        }
      });
      subscribe(connection, [...channels.values()]);
    },
  });

  function onMessage(message: string, name: string): void {
    const channel = channels.get(name);
    if (channel && isWakeUp(message)) watchers.wake(channel.logId, message);
  }

  function subscribe(connection: Connection, wanted: readonly Channel[]): void {
    if (wanted.length === 0) return;
    const names = wanted.map(({ name }) => name);
    connection.subscribe(names, onMessage).then(() => {
      for (const channel of wanted) {
        channel.isTold = true;
        if (channel.isBehind) watchers.wake(channel.logId, "append");
        channel.isBehind = false;
      }
    }, connection.close);
  }

  return {
    wake: watchers.wake,
    noteRead(logId) {
      const channel = channels.get(keys.of(logId).head);
      if (channel && !channel.isTold) channel.isBehind = true;
    },
    watch(logId, listener) {
      const name = keys.of(logId).head;
      const unwatch = watchers.watch(logId, listener);
      const channel = channels.get(name) ?? { name, logId, watchers: 0, isTold: false, isBehind: false };
      channel.watchers += 1;
      channels.set(name, channel);
      if (channel.watchers === 1 && open) subscribe(open, [channel]);
      let isWatched = true;
      return () => {
        if (!isWatched) return;
        isWatched = false;
        unwatch();
        channel.watchers -= 1;
        if (channel.watchers > 0) return;
        channels.delete(name);
        open?.unsubscribe(name, onMessage);
      };
    },
    close: link.close,
  };
}

function isWakeUp(message: string): message is WakeUp {
  return message === "append" || message === "stop" || message === "remove";
}
