/**
 * The channel `online`: how many event streams are open. Told only while somebody follows it, at most once a second, and only what
 * has changed. Asked by channel-routes.ts before and after somebody follows.
 *
 * It is counted once a second instead of at each opening and closing: streams come and go by the thousands.
 */
import type { Online } from "@typebar/chat/protocol";
import type { Hub } from "@typebar/server";

export const onlineChannel = "online";

export interface OnlineOptions {
  hub: Hub;
  /** Event streams that are open. */
  countStreams: () => number;
  /** The other servers that share the channel. @defaultValue there is none */
  others?: OtherNodes;
  /** @defaultValue 1000 */
  intervalMs?: number;
}

export interface OtherNodes {
  /** What is open there. */
  readonly othersLoad: { streams: number; followers: number };
  /** This one tells for all. */
  readonly isFirst: boolean;
}

export interface OnlineChannel {
  /**
   * Somebody is about to follow who reads what was told last: where nobody did follow, that may be long past, so the present state
   * is told, they included.
   *
   * @throws {HubError} "store-unavailable".
   */
  expect: () => Promise<void>;
  /** Somebody follows: from now on changes are told, until nobody does. `tellsAgain`: they know nothing yet. */
  watch: (options: { tellsAgain: boolean }) => void;
  close: () => void;
}

const alone: OtherNodes = { othersLoad: { streams: 0, followers: 0 }, isFirst: true };

/** What is told must be within the history of the channel, also where nothing changes for hours. */
const repeatMs = 15 * 60_000;

export function createOnlineChannel(options: OnlineOptions): OnlineChannel {
  const { hub, countStreams, others = alone, intervalMs = 1000 } = options;
  let told: (Online & { atMs: number }) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const isShared = others !== alone;

  function look(): Online {
    const { streams, followers } = others.othersLoad;
    return { count: countStreams() + streams, followers: hub.countFollowers(onlineChannel) + followers };
  }

  async function tell(state: Online): Promise<void> {
    const nowMs = performance.now();
    const isKnown = told?.count === state.count && told.followers === state.followers && nowMs - told.atMs < repeatMs;
    if (isKnown) return;
    told = { ...state, atMs: nowMs };
    try {
      await hub.publish(onlineChannel, { event: "online", data: state });
    } catch (error) {
      told = undefined;
      throw error;
    }
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  function tick(): void {
    const state = look();
    // Elsewhere somebody may begin to follow at any time.
    if (state.followers === 0 && !isShared) stop();
    if (state.followers === 0) return;
    if (!others.isFirst) told = undefined;
    // A store that does not answer is asked again a second later.
    else tell(state).catch(() => undefined);
  }

  const start = (): void => void (timer ??= setInterval(tick, intervalMs).unref());
  if (isShared) start();

  return {
    async expect() {
      const { count, followers } = look();
      const isTold = isShared ? followers > 0 : followers > 0 && told !== undefined;
      if (!isTold) await tell({ count: count + 1, followers: followers + 1 });
    },
    watch({ tellsAgain }) {
      if (tellsAgain) told = undefined;
      if (tellsAgain && !others.isFirst) tell(look()).catch(() => undefined);
      start();
    },
    close: stop,
  };
}
