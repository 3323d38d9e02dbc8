/** What goes wrong between an open event stream and the AI SDK. Connection errors are `EventStreamError` of `@typebar/client`. */

/** See {@link TypebarTransportError}. */
export type TypebarTransportErrorCode = "diverged" | "not-a-chunk" | "rejected";

/**
 * - `"diverged"`: the server lost a part of the answer that was shown already and made another one of it. What is shown
 *   stays as it is; read the conversation anew to see the stored answer.
 * - `"not-a-chunk"`: an event's data is no chunk; the address is not Typebar's.
 * - `"rejected"`: the server answered a request that opens no stream with an error; see `status`.
 */
export class TypebarTransportError extends Error {
  readonly code: TypebarTransportErrorCode;
  /** HTTP status, with `"rejected"`. */
  readonly status: number | undefined;

  constructor(code: TypebarTransportErrorCode, message: string, details: { cause?: unknown; status?: number } = {}) {
    super(message, details);
    this.name = "TypebarTransportError";
    this.code = code;
    this.status = details.status;
  }
}
