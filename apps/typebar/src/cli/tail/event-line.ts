/** An event -> the line that shows it. Pure; called by run-tail.ts. */
import type { IncomingEvent } from "@typebar/client";

/** For people: local time, ID, name, data; further lines of data stand below it, indented. */
export function toTextLine({ event, data, lastEventId }: IncomingEvent, time: Date): string {
  const head = `${toClock(time)}  ${lastEventId || "-"}  ${event}  `;
  return `${head}${data.replaceAll("\n", "\n  ")}\n`;
}

/** For programs; `data` is the text as it came, whatever it holds. */
export function toJsonLine({ event, data, lastEventId }: IncomingEvent, time: Date): string {
  return `${JSON.stringify({ time: time.toISOString(), id: lastEventId, event, data })}\n`;
}

export function toClock(time: Date): string {
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0"));
  return `${parts.join(":")}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
