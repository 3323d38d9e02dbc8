/** Events -> one JSON object a line, as they come. Made by run-ask.ts for `--json`. */
import type { IncomingEvent } from "@typebar/client";
import type { Output } from "../output.ts";
import type { AnswerView } from "./text-view.ts";

export function createJsonView(stdout: Output): AnswerView {
  return {
    show: (event) => stdout.write(`${JSON.stringify(toLine(event))}\n`),
    end: () => stdout.endLine(),
    // A `reset` is an event like any other: whoever reads the lines begins anew.
    replaced: false,
  };
}

/** Only `close` has data that is no JSON. */
function toLine({ event, data, lastEventId }: IncomingEvent): { id: string; event: string; data: unknown } {
  return { id: lastEventId, event, data: event === "close" ? data : JSON.parse(data) };
}
