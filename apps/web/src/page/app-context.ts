/** The one place that puts the page's parts together; components take what they need by `useApp()`. Called by main.ts. */

import { ChatError, createChatClient, createWebStorage } from "@typebar/chat-client";
import type { ChatClient, ModelList } from "@typebar/chat-client";
import { inject, shallowRef } from "vue";
import type { InjectionKey, ShallowRef } from "vue";
import { createChanges } from "../conversation/changes.ts";
import { createConversationList } from "../conversation/conversation-list.ts";
import type { ConversationList } from "../conversation/conversation-list.ts";
import { createDeletions } from "../conversation/deletions.ts";
import type { Deletions } from "../conversation/deletions.ts";
import { createTransfer } from "../conversation/transfer.ts";
import type { Transfer } from "../conversation/transfer.ts";
import { createThreads } from "../conversation/threads.ts";
import type { Threads } from "../conversation/threads.ts";
import {
  createDiagrams,
  createGraphemes,
  createHighlighter,
  createMarkdown,
  createTypesetter,
} from "../typewriter/index.ts";
import type { Diagrams, Graphemes, Highlighter, Markdown, Typesetter } from "../typewriter/index.ts";
import { createWireLog, toWireRow } from "../wire/wire-log.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { createPageAccess } from "./access.ts";
import type { PageAccess } from "./access.ts";
import { createCommands } from "./commands.ts";
import type { Commands } from "./commands.ts";
import { createNews } from "./news.ts";
import type { News } from "./news.ts";
import { createOwnerSettings } from "./owner-settings.ts";
import type { OwnerSettings } from "./owner-settings.ts";
import { createPreferences } from "./preferences.ts";
import type { Preferences } from "./preferences.ts";
import { createServerReach } from "./server-reach.ts";
import type { ServerReach } from "./server-reach.ts";
import { isMacLike } from "./shortcuts.ts";

/** Put in by vite.config.ts. */
declare const __TYPEBAR_VERSION__: string;

export interface AppContext {
  client: ChatClient;
  preferences: Preferences;
  conversations: ConversationList;
  threads: Threads;
  deletions: Deletions;
  transfer: Transfer;
  /** One quiet sentence for the reader; shown above the composer. */
  notice: ShallowRef<string | null>;
  wire: WireLog;
  typewriter: {
    markdown: Markdown;
    graphemes: Graphemes;
    highlighter: Highlighter;
    typesetter: Typesetter;
    diagrams: Diagrams;
  };
  models: ShallowRef<ModelList | null>;
  news: News;
  reach: ServerReach;
  commands: Commands;
  settings: OwnerSettings;
  access: PageAccess;
  /** Keys have other names there, and other places. */
  isMac: boolean;
  /** Of the page. */
  version: string;
}

export const appKey: InjectionKey<AppContext> = Symbol("app");

export function createApp(window: Window): AppContext {
  const onUnauthorized = (): void => {
    window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  };
  const wire = createWireLog(() => Date.now());
  const client = createChatClient({
    storage: createWebStorage("session"),
    // Whoever is signed in is so in all tabs.
    shareConnections: "page",
    onUnauthorized,
    observe(observation) {
      wire.add(toWireRow(observation));
      if (observation.type === "event") return;
      // One stream broke: the server may be away, or only this connection. Or one is open again.
      const { name } = observation.state;
      if (name === "waiting" || (name === "open" && reach.lost.value)) void reach.ask();
    },
  });
  const conversations = createConversationList(client);
  const models = shallowRef<ModelList | null>(null);
  const threads = createThreads({ client, onChanged: () => void conversations.refresh() });
  const settings = createOwnerSettings(client);
  const changes = createChanges({ conversations, threads });
  const news = createNews(client, window.document, {
    onConversation: changes.apply,
    onDeleted: changes.remove,
    onSettings: (now) => (settings.value.value = now),
    onMissed: () => void changes.catchUp(),
  });
  const reach = createServerReach({
    window,
    async reaches() {
      try {
        models.value = await client.listModels();
        return true;
      } catch (error) {
        return error instanceof ChatError && error.code !== "network";
      }
    },
    onBack: () => void conversations.refresh(),
  });

  return {
    client,
    preferences: createPreferences(window.document),
    conversations,
    threads,
    deletions: createDeletions(conversations, threads.drop),
    transfer: createTransfer({ client, document: window.document, now: () => Date.now() }),
    notice: shallowRef(null),
    wire,
    typewriter: {
      markdown: createMarkdown(),
      graphemes: createGraphemes(),
      highlighter: createHighlighter(),
      typesetter: createTypesetter(),
      diagrams: createDiagrams({
        document: window.document,
        isDark: () => window.document.documentElement.dataset["theme"] === "dark",
      }),
    },
    models,
    news,
    reach,
    commands: createCommands(),
    settings,
    access: createPageAccess(client, window),
    isMac: isMacLike(window.navigator),
    version: __TYPEBAR_VERSION__,
  };
}

export function useApp(): AppContext {
  const app = inject(appKey);
  if (app === undefined) throw new Error("The page's parts were not provided");
  return app;
}
