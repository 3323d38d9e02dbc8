/** Body of `POST /v1/chat/completions` -> one checked request. Called by routes/openai. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import type { ProviderSettings } from "../../provider/provider.ts";
import type { StoredPrompt } from "../../store/rows.ts";
import { checkField } from "./check-field.ts";
import { toProviderMessages } from "./messages.ts";

export interface CompletionRequest {
  /** As it was asked for; `undefined` means the default. */
  model: string | undefined;
  prompt: StoredPrompt;
  stream: boolean;
  /** A last chunk of the stream says how many tokens were used. */
  includeUsage: boolean;
  /** The same for the same question, streamed or not. */
  hash: string;
}

const toolName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,128}$/, "must be 1 to 128 of A-Z, a-z, 0-9, _ and -"));
const jsonSchema = v.record(v.string(), v.unknown());
const between = (min: number, max: number): v.GenericSchema<number> => {
  const message = `must be a number from ${min} to ${max}`;
  return v.pipe(v.number(message), v.minValue(min, message), v.maxValue(max, message));
};
const whole = (min: number, message: string): v.GenericSchema<number> =>
  v.pipe(v.number(message), v.safeInteger(message), v.minValue(min, message));
const count = whole(1, "must be a whole number above 0");
const stopText = v.pipe(v.string(), v.minLength(1, "must not be empty"));

const tool = v.looseObject({
  type: v.literal("function", "must be function"),
  function: v.looseObject({
    name: toolName,
    description: v.nullish(v.string()),
    parameters: v.nullish(jsonSchema),
    strict: v.nullish(v.boolean()),
  }),
});

const toolChoice = v.union(
  [
    v.picklist(["none", "auto", "required"]),
    v.looseObject({ type: v.literal("function"), function: v.looseObject({ name: toolName }) }),
  ],
  "must be none, auto, required or name a function",
);

const responseFormat = v.variant(
  "type",
  [
    v.looseObject({ type: v.picklist(["text", "json_object"]) }),
    v.looseObject({
      type: v.literal("json_schema"),
      json_schema: v.looseObject({
        name: v.string(),
        description: v.nullish(v.string()),
        schema: v.nullish(jsonSchema),
      }),
    }),
  ],
  "must be text, json_object or json_schema",
);

/** What is not listed has no effect here and is passed over. What would change the answer and cannot be done is refused. */
const body = v.looseObject({
  model: v.nullish(v.pipe(v.string(), v.regex(/^[^\s\p{C}]{1,200}$/u, "must be 1 to 200 characters without spaces"))),
  messages: v.unknown(),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  temperature: v.nullish(between(0, 2)),
  top_p: v.nullish(between(0, 1)),
  presence_penalty: v.nullish(between(-2, 2)),
  frequency_penalty: v.nullish(between(-2, 2)),
  max_tokens: v.nullish(count),
  max_completion_tokens: v.nullish(count),
  stop: v.nullish(v.union([stopText, v.array(stopText)], "must be text or a list of texts, none of them empty")),
  seed: v.nullish(whole(Number.MIN_SAFE_INTEGER, "must be a whole number")),
  tools: v.nullish(v.array(tool)),
  tool_choice: v.nullish(toolChoice),
  response_format: v.nullish(responseFormat),
  n: v.nullish(v.literal(1, "must be 1: there is one answer to a request")),
  logprobs: v.nullish(v.literal(false, "must be false: probabilities are not known here")),
  modalities: v.nullish(v.array(v.literal("text", "must be text: there is nothing else"))),
  functions: v.nullish(v.never("is not known here: use tools")),
  function_call: v.nullish(v.never("is not known here: use tool_choice")),
});

type Body = v.InferOutput<typeof body>;

/** @throws {ProblemError} "bad-request". */
export function parseCompletionBody(value: unknown): CompletionRequest {
  const parsed = checkField(body, value);
  const model = parsed.model ?? undefined;
  const prompt: StoredPrompt = { messages: toProviderMessages(parsed.messages), settings: toSettings(parsed) };
  const identity = JSON.stringify(["openai", model, prompt]);
  return {
    model,
    prompt,
    stream: parsed.stream ?? false,
    includeUsage: parsed.stream_options?.include_usage ?? false,
    hash: createHash("sha256").update(identity).digest("base64url"),
  };
}

function toSettings(given: Body): ProviderSettings {
  const { stop } = given;
  const stopSequences = typeof stop === "string" ? [stop] : stop;
  return withoutAbsent<ProviderSettings>({
    temperature: given.temperature,
    topP: given.top_p,
    presencePenalty: given.presence_penalty,
    frequencyPenalty: given.frequency_penalty,
    maxOutputTokens: given.max_completion_tokens ?? given.max_tokens,
    stopSequences: stopSequences?.length ? stopSequences : undefined,
    seed: given.seed,
    tools: given.tools?.length ? given.tools.map(toTool) : undefined,
    toolChoice: toToolChoice(given.tool_choice),
    responseFormat: toResponseFormat(given.response_format),
  });
}

function toTool({ function: given }: v.InferOutput<typeof tool>): NonNullable<ProviderSettings["tools"]>[number] {
  const { name, description, strict, parameters } = given;
  // A tool without parameters takes an empty object.
  const inputSchema = parameters ?? { type: "object", properties: {} };
  return { name, inputSchema, ...withoutAbsent<{ description: string; strict: boolean }>({ description, strict }) };
}

function toToolChoice(given: Body["tool_choice"]): ProviderSettings["toolChoice"] {
  if (!given) return undefined;
  return typeof given === "string" ? { type: given } : { type: "tool", toolName: given.function.name };
}

function toResponseFormat(given: Body["response_format"]): ProviderSettings["responseFormat"] {
  if (!given) return undefined;
  if (given.type !== "json_schema") return given.type === "text" ? undefined : { type: "json" };
  const { name, description, schema } = given.json_schema;
  return {
    type: "json",
    name,
    ...withoutAbsent<{ description: string; schema: Record<string, unknown> }>({ description, schema }),
  };
}

/** OpenAI's clients send `null` for what they leave out. */
function withoutAbsent<T extends object>(values: { [Key in keyof T]: T[Key] | null | undefined }): Partial<T> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== null && value !== undefined),
  ) as Partial<T>;
}
