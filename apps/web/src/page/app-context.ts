/** The one place that puts the page's parts together; components take what they need by `useApp()`. Called by main.ts. */

import { inject, shallowRef } from "vue";
import type { InjectionKey, ShallowRef } from "vue";
import type { ModelList } from "@typebar/chat/protocol";
import { createApi } from "../api/api.ts";
import { createConversationList } from "../conversation/conversation-list.ts";
import type { ConversationList } from "../conversation/conversation-list.ts";
import { createThreads } from "../conversation/threads.ts";
import type { Threads } from "../conversation/threads.ts";
import { createGraphemes, createHighlighter, createMarkdown } from "../typewriter/index.ts";
import type { Graphemes, Highlighter, Markdown } from "../typewriter/index.ts";
import { createWireLog } from "../wire/wire-log.ts";
import type { WireLog } from "../wire/wire-log.ts";
import { createPreferences } from "./preferences.ts";
import type { Preferences } from "./preferences.ts";
import { randomKey } from "./random-key.ts";

export interface AppContext {
  preferences: Preferences;
  conversations: ConversationList;
  threads: Threads;
  wire: WireLog;
  typewriter: { markdown: Markdown; graphemes: Graphemes; highlighter: Highlighter };
  models: ShallowRef<ModelList | null>;
  loadModels(): Promise<void>;
}

export const appKey: InjectionKey<AppContext> = Symbol("app");

export function createApp(window: Window): AppContext {
  const onUnauthorized = (): void => {
    window.location.assign(`/sign-in?next=${encodeURIComponent(window.location.pathname)}`);
  };
  const api = createApi({ fetch: (...request) => fetch(...request), onUnauthorized });
  const wire = createWireLog(() => Date.now());
  const conversations = createConversationList(api);
  const models = shallowRef<ModelList | null>(null);
  const threads = createThreads({
    api,
    wire,
    now: () => Date.now(),
    randomKey,
    onChanged: () => void conversations.refresh(),
    onUnauthorized,
  });

  return {
    preferences: createPreferences(window.document),
    conversations,
    threads,
    wire,
    typewriter: { markdown: createMarkdown(), graphemes: createGraphemes(), highlighter: createHighlighter() },
    models,
    async loadModels() {
      models.value = await api.listModels().catch(() => models.value);
    },
  };
}

export function useApp(): AppContext {
  const app = inject(appKey);
  if (app === undefined) throw new Error("The page's parts were not provided");
  return app;
}
