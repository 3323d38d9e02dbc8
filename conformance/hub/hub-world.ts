/** A hub, and what a test has to do with it beside following. Runs in the test's process, or bundled in another runtime. */
import type { Retention } from "@typebar/log";
import { openMemoryLog } from "@typebar/log/memory";
import {
  type ConnectionTimings,
  createHub,
  type FollowOptions,
  type Hub,
  type HubLimits,
  type HubOptions,
} from "@typebar/server";

export interface WorldOptions {
  history?: Retention;
  limits?: Partial<HubLimits>;
  timings?: Partial<ConnectionTimings>;
}

/** Plain JSON, so that it can be sent to another process. */
export type Command =
  | { type: "publish"; channel: string; data: readonly unknown[] }
  /** Ends every open connection. */
  | { type: "cut" }
  /** Ends the hub; its server goes on listening. */
  | { type: "close" }
  /** The channel's log is lost, as with a store in memory whose process ends. */
  | { type: "forget"; channel: string }
  /** Those who wait for their right to follow get it. */
  | { type: "allow" }
  | { type: "state" };

export interface WorldState {
  openCount: number;
  /** Questions of the hub that wait for {@link Command} `allow`. */
  askedCount: number;
  /** Followers of channel `a`, as its presence says. */
  presentCount: number;
  /** Connections that are over, by reason. */
  closed: Partial<Record<string, number>>;
}

export interface HubWorld {
  hub: Hub;
  control(command: Command): Promise<WorldState>;
}

/** The same behind a server that listens. */
export interface HubServer extends Pick<HubWorld, "control">, AsyncDisposable {
  port: number;
}

/** Set by each adapter's own means, on every answer. */
export const allowedOrigin = "https://page.example";

export function createHubWorld({ history, limits, timings }: WorldOptions): HubWorld {
  const log = openMemoryLog();
  const closed: WorldState["closed"] = {};
  let waiting: Array<() => void> = [];
  const options: HubOptions = {
    log,
    timings: { retryMs: 0, retrySpreadMs: 0, ...timings },
    authorize: async ({ user }) => {
      if (user === "waiting") await new Promise<void>((resolve) => waiting.push(resolve));
      return user !== "refused";
    },
    observer: { closed: (reason) => (closed[reason] = (closed[reason] ?? 0) + 1) },
  };
  const hub = createHub({ ...options, ...(history && { history }), ...(limits && { limits }) });

  async function run(command: Command): Promise<void> {
    if (command.type === "publish") {
      await hub.publish(
        command.channel,
        command.data.map((data) => ({ event: "tick", data })),
      );
    } else if (command.type === "cut") {
      hub.cut();
    } else if (command.type === "close") {
      await hub.close();
    } else if (command.type === "forget") {
      await log.expire(`channel:${command.channel}`, 0);
    } else if (command.type === "allow") {
      const allowed = waiting;
      waiting = [];
      for (const resolve of allowed) resolve();
    }
  }

  return {
    hub,
    async control(command) {
      await run(command);
      return {
        openCount: hub.openCount,
        askedCount: waiting.length,
        presentCount: (await hub.presence("a")).count,
        closed: { ...closed },
      };
    },
  };
}

/** `/events?channels=a,b&user=…&history=…` */
export function toFollowOptions(url: string): FollowOptions {
  const query = new URLSearchParams(url.slice(url.indexOf("?")));
  const user = query.get("user");
  return {
    channels: query.get("channels")?.split(",") ?? [],
    history: Number(query.get("history") ?? 0),
    ...(user !== null && { user }),
  };
}
