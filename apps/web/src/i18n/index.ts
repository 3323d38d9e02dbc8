/** The page's words. vue-i18n interprets messages, it makes no functions of them: the security policy allows no eval. */

import { createI18n } from "vue-i18n";
import { en } from "./en.ts";
import { zh } from "./zh.ts";

export type Locale = "en" | "zh";

export function createWords(locale: Locale) {
  return createI18n({ legacy: false, locale, fallbackLocale: "en", messages: { en, zh }, missingWarn: false });
}
