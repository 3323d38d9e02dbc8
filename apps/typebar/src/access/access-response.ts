/** A decision of access.ts that ends a request -> its answer. Called by the composition root. */
import type { ServerResponse } from "node:http";
import type { ProblemCode } from "@typebar/chat/protocol";
import type { AccessDecision } from "./access.ts";

/** Makes an `application/problem+json` answer. */
export type CreateProblem = (code: ProblemCode, detail: string) => Response;

/** @returns `undefined` if the request may go on. The decision's headers are not on it: the root sets them on every answer. */
export function toAccessResponse(decision: AccessDecision, problem: CreateProblem): Response | undefined {
  switch (decision.type) {
    case "allowed":
      return undefined;
    case "preflight":
      return new Response(null, { status: 204 });
    case "refused":
      return problem(decision.code, decision.detail);
    case "redirected":
      return new Response(null, { status: 303, headers: { Location: decision.location, "Cache-Control": "no-store" } });
    case "asked-again":
      return new Response(askAgainHtml, {
        headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
      });
  }
}

/** Answers a request that is given to no route of the framework. */
export async function writeResponse(outgoing: ServerResponse, response: Response): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), "Content-Length": body.length });
  outgoing.end(body);
}

const askAgainHtml = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="0"><title>Typebar</title>`;
