/** The languages that the documentation is written in. Used by every file of the guide. */

export type GuideLanguage = "en" | "zh-CN";

export const guideLanguages: readonly GuideLanguage[] = ["en", "zh-CN"];
