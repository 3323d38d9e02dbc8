/** How `typebar ask` and `typebar tail` end. Documented in docs/en/command-line.md. */

export const exitCodes: Readonly<Record<"done" | "failed" | "usage" | "interrupted" | "unread", number>> = {
  /** The answer is complete; the stream is over. */
  done: 0,
  /** The answer failed or is not whole, or the server was not reached or refused. */
  failed: 1,
  /** The command line cannot be understood. */
  usage: 2,
  /** By Ctrl-C, as a shell reports SIGINT. */
  interrupted: 130,
  /** Whoever read the output went away, as a shell reports SIGPIPE. */
  unread: 141,
};
