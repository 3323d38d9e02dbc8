/** What the hub refuses -> an error of this server's own set. Called by channel-routes.ts. */
import { ProblemError } from "@typebar/chat";
import type { ProblemCode } from "@typebar/chat/protocol";
import type { HubError, HubErrorCode } from "@typebar/server";

const problemCodes: Readonly<Record<HubErrorCode, ProblemCode>> = {
  "bad-channel": "bad-request",
  "too-many-channels": "bad-request",
  "bad-event": "bad-request",
  "event-too-large": "event-too-large",
  forbidden: "reserved-channel",
  "too-many-connections": "too-many-streams",
  draining: "draining",
  "store-unavailable": "store-unavailable",
};

export function toProblemError({ code, message }: HubError): ProblemError {
  return new ProblemError(problemCodes[code], { detail: `${message}.` });
}
