/** The tabs of this browser that share connections: what they need to agree. Made by chat-client.ts, one for each client. */
import { alwaysSeen, createAttention } from "./attention.ts";
import type { AttentionSource } from "./attention.ts";
import { anyPlaces, createPlaces } from "./places.ts";
import type { Places } from "./places.ts";
import { openTabChannel, silentChannel } from "./tab-channel.ts";
import type { TabChannel } from "./tab-channel.ts";

export interface Tabs {
  /** `null` where each tab is by itself. */
  readonly locks: LockManager | null;
  readonly attention: AttentionSource;
  /** Of running answers. */
  readonly places: Places;
  toName(key: string): string;
  openChannel<Message>(key: string, onMessage: (message: Message) => void): TabChannel<Message>;
}

/** Of what the tabs say to each other: a tab that still runs another version shares with its like. */
const version = 1;

/** What a client that shares with nobody has. */
export const alone: Tabs = {
  locks: null,
  attention: alwaysSeen,
  places: anyPlaces,
  toName: (key) => key,
  openChannel: () => silentChannel,
};

/** @param baseUrl - Tabs that ask another server share nothing with these. */
export function createTabs(group: string, baseUrl: string): Tabs {
  const { document, navigator, BroadcastChannel } = globalThis as Partial<typeof globalThis>;
  if (document === undefined) return alone;
  const attention = createAttention(document);
  // There is none on a plain http address in the local network.
  const { locks } = (navigator ?? {}) as Partial<Navigator>;
  if (locks === undefined || BroadcastChannel === undefined) return { ...alone, attention };
  const prefix = `typebar:${version}:${group}:${baseUrl}:`;
  const toName = (key: string): string => prefix + key;
  return {
    locks,
    attention,
    places: createPlaces({ locks, prefix }),
    toName,
    openChannel: (key, onMessage) => openTabChannel(toName(key), onMessage),
  };
}
