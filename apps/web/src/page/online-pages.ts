/**
 * How many pages are open at this server, for as long as this one is in sight. Made by app-context.ts, shown by OnlinePages.vue.
 *
 * A browser has six connections to a server for all its pages, so a page that nobody sees lets go of its own.
 */

import type { ChannelStream, ChatClient, Online } from "@typebar/chat-client";
import { readonly, shallowRef } from "vue";
import type { ShallowRef } from "vue";

export interface OnlinePages {
  /** 0 as long as it is not known. */
  readonly count: Readonly<ShallowRef<number>>;
  /** @returns a function that ends it. */
  start(): () => void;
}

/** Who only looks something up elsewhere comes back sooner. */
const hiddenMs = 10_000;

export function createOnlinePages(client: ChatClient, document: Document): OnlinePages {
  const count = shallowRef(0);
  let stream: ChannelStream | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function follow(): Promise<void> {
    const opened = client.followChannels(["online"], {
      onConnectionChange: ({ name }) => {
        if (name === "waiting") count.value = 0;
      },
    });
    stream = opened;
    try {
      for await (const { event, data } of opened) if (event === "online") count.value = (data as Online).followers;
    } catch {
      // A server that does not want to say it: the next time the page comes into sight, it is asked again.
    }
    if (stream === opened) close();
  }

  function close(): void {
    stream?.close();
    stream = undefined;
    count.value = 0;
  }

  function onVisibility(): void {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(close, hiddenMs);
    else if (!stream) void follow();
  }

  return {
    count: readonly(count),
    start() {
      document.addEventListener("visibilitychange", onVisibility);
      onVisibility();
      return () => {
        document.removeEventListener("visibilitychange", onVisibility);
        clearTimeout(timer);
        close();
      };
    },
  };
}
