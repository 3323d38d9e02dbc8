/**
 * What the server tells a page by itself, over the one stream that all tabs of a browser share for it: what becomes of
 * conversations and settings, and how many browsers are online. Made by app-context.ts.
 */

import { changesChannel } from "@typebar/chat-client";
import type { ChannelStream, ChatClient, ConversationChange, Online, Settings } from "@typebar/chat-client";
import { readonly, shallowRef } from "vue";
import type { ShallowRef } from "vue";

export interface News {
  /** 0 as long as it is not known. */
  readonly online: Readonly<ShallowRef<number>>;
  /** @returns a function that ends it. */
  start(): () => void;
}

export interface NewsListener {
  onConversation(change: ConversationChange): void;
  onDeleted(id: string): void;
  onSettings(settings: Settings): void;
  /** Something may have been missed: whatever is shown is to be read again. */
  onMissed(): void;
}

/** In which the last event says all there is to know. */
const onlineChannel = "online";

export function createNews(client: Pick<ChatClient, "followChannels">, document: Document, tell: NewsListener): News {
  const online = shallowRef(0);
  let stream: ChannelStream | undefined;

  async function follow(): Promise<void> {
    const opened = client.followChannels([onlineChannel, changesChannel], {
      kept: [onlineChannel],
      onConnectionChange({ name }) {
        if (name === "waiting") online.value = 0;
      },
    });
    stream = opened;
    try {
      for await (const { event, data } of opened) hear(event, data);
    } catch {
      // A server that does not want to say it: the next time the page comes into sight, it is asked again.
    }
    if (stream === opened) close();
  }

  function hear(event: string, data: unknown): void {
    if (event === onlineChannel) online.value = (data as Online).followers;
    else if (event === "conversation") tell.onConversation(data as ConversationChange);
    else if (event === "conversation-deleted") tell.onDeleted((data as { id: string }).id);
    else if (event === "settings") tell.onSettings(data as Settings);
    else if (event === "reset" || (event === "ready" && !(data as { resumed: boolean }).resumed)) tell.onMissed();
  }

  function close(): void {
    stream?.close();
    stream = undefined;
    online.value = 0;
  }

  function look(): void {
    if (!document.hidden && !stream) void follow();
  }

  return {
    online: readonly(online),
    start() {
      document.addEventListener("visibilitychange", look);
      look();
      return () => {
        document.removeEventListener("visibilitychange", look);
        close();
      };
    },
  };
}
