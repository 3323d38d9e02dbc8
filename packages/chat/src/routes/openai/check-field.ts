/** Checks a part of a body, and says which field is wrong the way OpenAI does. Used beside this file. */
import * as v from "valibot";
import { ProblemError } from "../problem.ts";

/** @throws {ProblemError} "bad-request", naming the first field that is wrong. */
export function checkField<S extends v.GenericSchema>(schema: S, value: unknown, path = ""): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  return refuse(path + toPath(issue), issue.message);
}

/** @throws {ProblemError} "bad-request". */
export function refuse(path: string, message: string): never {
  throw new ProblemError("bad-request", {
    detail: path === "" ? `The body: ${message}.` : `${path}: ${message}.`,
    ...(path !== "" && { param: path }),
  });
}

/** As in `messages[0].content`. */
function toPath(issue: v.BaseIssue<unknown>): string {
  const keys = issue.path?.map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)) ?? [];
  return keys.join("").replace(/^\./, "");
}
