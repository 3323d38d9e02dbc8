/**
 * The page's words, of which only the chosen language is loaded. They are plain texts with names in braces; vue-i18n
 * comes without its compiler, which would be larger than all of them. Opened by main.ts.
 */

import { createI18n } from "vue-i18n";
import type { I18n, MessageContext, MessageFunction } from "vue-i18n";
import type { Words } from "./en.ts";

export type Locale = "en" | "zh";

interface Messages {
  [key: string]: MessageFunction | Messages;
}

export type PageWords = I18n<Record<string, Messages>, {}, {}, string, false>;

const loaders: Record<Locale, () => Promise<Words>> = {
  en: async () => (await import("./en.ts")).en,
  zh: async () => (await import("./zh.ts")).zh,
};

export async function openWords(locale: Locale): Promise<PageWords> {
  const messages: Record<string, Messages> = { [locale]: toMessages(await loaders[locale]()) };
  const chosen: string = locale;
  return createI18n({ legacy: false, locale: chosen, messages, missingWarn: false });
}

/** Where the words cannot be loaded, the page stays as it is. */
export async function changeLanguage({ global }: PageWords, locale: Locale): Promise<void> {
  const words = await loaders[locale]().catch(() => undefined);
  if (words === undefined) return;
  global.setLocaleMessage(locale, toMessages(words));
  global.locale.value = locale;
}

function toMessages(words: object): Messages {
  return Object.fromEntries(
    Object.entries(words).map(([key, value]: [string, unknown]) => [
      key,
      typeof value === "string" ? toMessage(value) : toMessages(value as object),
    ]),
  );
}

function toMessage(text: string): MessageFunction {
  return (context: MessageContext) =>
    text.replaceAll(/\{(\w+)\}/gu, (_place, name: string) => String(context.named(name)));
}
