/** The database cannot be reached: try again later. Thrown by drivers that cross a network. */
export class StoreUnavailableError extends Error {
  readonly code = "unavailable" as const;

  constructor(message: string, options?: { cause: unknown }) {
    super(message, options);
    this.name = "StoreUnavailableError";
  }
}
