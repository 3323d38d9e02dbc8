/** Fields of bodies that more than one route takes. Used by conversations and settings. */
import * as v from "valibot";

export const title: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.minLength(1, "must not be empty"),
  v.maxLength(200, "must have at most 200 characters"),
  v.regex(/^\P{Cc}*$/u, "must not hold control characters"),
  v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
  v.check((value) => value.trim() !== "", "must not be empty"),
);

const maxSystemPromptChars = 20_000;

/** Small enough for one event of a channel, in any script. */
export const systemPrompt: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.maxLength(maxSystemPromptChars, `must have at most ${maxSystemPromptChars} characters`),
  v.regex(/^[\P{Cc}\t\r\n]*$/u, "must not hold control characters other than tabs and line breaks"),
  v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
);
