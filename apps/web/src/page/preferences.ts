/** What the reader has chosen, kept in this browser: theme, language, model. Made by app.ts. */

import { usePreferredDark, usePreferredLanguages, useStorage } from "@vueuse/core";
import { computed, watchEffect } from "vue";
import type { ComputedRef, Ref } from "vue";
import type { Locale } from "../i18n/index.ts";

export type Theme = "system" | "light" | "dark";

export interface Preferences {
  theme: Ref<Theme>;
  /** `system`: the browser's language. */
  language: Ref<Locale | "system">;
  locale: ComputedRef<Locale>;
  /** `provider/model`; null: the server's default. */
  model: Ref<string | null>;
  /** A single key, such as ?, may be a shortcut where nothing is written. */
  singleKeys: Ref<boolean>;
  /** On a wide page the list of conversations was put away. */
  listHidden: Ref<boolean>;
}

export function createPreferences(document: Document): Preferences {
  const theme = useStorage<Theme>("typebar.theme", "system");
  const language = useStorage<Locale | "system">("typebar.language", "system");
  const model = useStorage<string | null>("typebar.model", null, undefined, {
    serializer: { read: (raw) => (raw === "" ? null : raw), write: (value) => value ?? "" },
  });
  const singleKeys = useStorage("typebar.singleKeys", true);
  const listHidden = useStorage("typebar.listHidden", false);
  const languages = usePreferredLanguages();
  const prefersDark = usePreferredDark();
  const locale = computed<Locale>(() => {
    if (language.value !== "system") return language.value;
    return languages.value.find((tag) => /^(?:en|zh)\b/iu.test(tag))?.slice(0, 2) === "zh" ? "zh" : "en";
  });
  watchEffect(() => {
    const dark = theme.value === "dark" || (theme.value === "system" && prefersDark.value);
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    document.documentElement.lang = locale.value === "zh" ? "zh-CN" : "en";
    // The frame that the system draws around an app.
    for (const frame of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
      frame.content = dark ? "#17181a" : "#ffffff";
    }
  });
  return { theme, language, locale, model, singleKeys, listHidden };
}
