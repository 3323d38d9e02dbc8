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
  /** @defaultValue 1000 */
  intervalMs?: number;
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

/** What is told must be within the history of the channel, also where nothing changes for hours. */
const repeatMs = 15 * 60_000;

export function createOnlineChannel({ hub, countStreams, intervalMs = 1000 }: OnlineOptions): OnlineChannel {
  let told: (Online & { atMs: number }) | undefined;
  let timer: NodeJS.Timeout | undefined;

  const countFollowers = (): number => hub.presence(onlineChannel).count;

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
    const followers = countFollowers();
    if (followers === 0) stop();
    // A store that does not answer is asked again a second later.
    else tell({ count: countStreams(), followers }).catch(() => undefined);
  }

  return {
    async expect() {
      const followers = countFollowers();
      if (followers > 0 && told) return;
      await tell({ count: countStreams() + 1, followers: followers + 1 });
    },
    watch({ tellsAgain }) {
      if (tellsAgain) told = undefined;
      timer ??= setInterval(tick, intervalMs).unref();
    },
    close: stop,
  };
}
