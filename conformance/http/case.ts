/** What a case of http.json says: the answers of a server, one a request, and what a client must make of them. */

/** One answer. Requests beyond the last one are answered with 204. */
export interface CaseAnswer {
  /** @defaultValue 200 */
  status?: number;
  /** @defaultValue `Content-Type: text/event-stream` for a 200, else none */
  headers?: Record<string, string>;
  /** What is sent, in order. @defaultValue nothing */
  body?: BodyStep[];
  /** Sends the case's blocks after the one that `Last-Event-ID` names, before the body. */
  follow?: boolean;
  /** Cuts what is sent into pieces of so many bytes, each sent for itself. */
  pieceBytes?: number;
  /** Sends only so many bytes before the end. */
  upToBytes?: number;
  /** `end`: as HTTP has it. `reset`: the connection is reset. `hold`: nothing more comes. @defaultValue "end" */
  then?: "end" | "reset" | "hold";
}

export type BodyStep =
  /** UTF-8. */
  | { text: string }
  /** Bytes in base64. */
  | { base64: string }
  | { pauseMs: number };

export interface HttpCase {
  id: string;
  /** @defaultValue "openEventStream" */
  client?: "openEventStream" | "readEventStream" | "fetchEventSource" | "EventSource";
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Options of the client that are plain data. */
  options?: Record<string, unknown>;
  /** Puts a chunk of no bytes before and after each chunk of the body. HTTP cannot carry one, so the client's `fetch` does. */
  emptyChunks?: boolean;
  /** Blocks with their IDs, for answers that follow. */
  blocks?: { id: string; text: string }[];
  answers: CaseAnswer[];
  /** Repeats the case with `key` of the first answer set to each number from `from` to `to`. */
  each?: { key: "pieceBytes" | "upToBytes"; from: number; to: number };
  expect: CaseOutcome;
}

export interface CaseOutcome {
  /** `[event, data, lastEventId]`; of fetchEventSource `[event, data, id]`. */
  events: [string, string, string][];
  /** Code of the error that the client ended with; `null` where it ended without. */
  error: string | null;
  /** One a request, in order; absent where their number is not fixed. */
  requests?: CaseRequest[];
}

/** What counts of a request; keys that a case does not name are not compared. */
export interface CaseRequest {
  /** Decoded as the standard has it; `null` if there was no such header. */
  lastEventId: string | null;
  method?: string;
  /** `Content-Type`, `Accept` and `token`, as far as they are named. */
  headers?: Record<string, string>;
  body?: string;
}

/** One run of a case. */
export interface CaseRun {
  /** In the URL: `/run/<key>`. */
  key: string;
  name: string;
  case: HttpCase;
}

export function toRuns(cases: HttpCase[]): CaseRun[] {
  return cases.flatMap((one) => {
    if (one.each === undefined) return [{ key: one.id, name: one.id, case: one }];
    const { key, from, to } = one.each;
    return Array.from({ length: to - from + 1 }, (_, index) => {
      const [first, ...others] = one.answers;
      const answers = [{ ...first, [key]: from + index }, ...others];
      return { key: `${one.id}-${from + index}`, name: `${one.id}, ${key} ${from + index}`, case: { ...one, answers } };
    });
  });
}
