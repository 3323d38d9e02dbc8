/** What the tabs of a browser say to each other about one thing. Used by places.ts and follow-together.ts. */

export interface TabChannel<Message> {
  /** To all others that have it open; not to itself. Nothing happens once it is closed. */
  post(message: Message): void;
  close(): void;
}

/** @param onMessage - Is called for what others post; all of them run this version, as it is part of the name. */
export function openTabChannel<Message>(name: string, onMessage: (message: Message) => void): TabChannel<Message> {
  const channel = new BroadcastChannel(name);
  channel.addEventListener("message", ({ data }: MessageEvent<Message>) => onMessage(data));
  const send: (message: Message) => void = channel.postMessage.bind(channel);
  let isOpen = true;
  return {
    post(message) {
      if (isOpen) send(message);
    },
    close() {
      isOpen = false;
      channel.close();
    },
  };
}

/** Where there is nobody to talk to. */
export const silentChannel: TabChannel<never> = Object.freeze({ post: () => undefined, close: () => undefined });
