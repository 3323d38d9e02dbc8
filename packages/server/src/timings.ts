/** How long the phases of a connection last. Read by connection. */
export interface ConnectionTimings {
  /** Silence after which a comment line is sent, in milliseconds. @defaultValue 15000 */
  heartbeatMs: number;
  /**
   * A socket that has something to take and takes no byte for so long is reset, in milliseconds; an eighth of it late at
   * most. Also counts after the end was written.
   *
   * @defaultValue 30000
   */
  progressTimeoutMs: number;
  /** Mean life of a connection that may be rotated, in milliseconds; each gets ± 20 %. @defaultValue 240000 */
  rotateMs: number;
  /** Reconnection time told at each open, in milliseconds. @defaultValue 1000 */
  retryMs: number;
  /** Up to so much is added to it, at random, so that a herd does not come back at once; in milliseconds. @defaultValue 0 */
  retrySpreadMs: number;
  /**
   * Clients that a server takes back in a second, where all lose their connections at once: what is added to `retryMs` grows with
   * the number of connections accordingly, to 30 seconds at most. One that takes them back too slowly has a full queue of
   * connections, and who finds it full tries again only after seconds.
   *
   * @defaultValue 2500
   */
  returnsPerSecond: number;
  /** Reconnection time told just before a rotation, in milliseconds. @defaultValue 250 */
  rotateRetryMs: number;
}

export const defaultTimings: ConnectionTimings = {
  heartbeatMs: 15_000,
  progressTimeoutMs: 30_000,
  rotateMs: 240_000,
  retryMs: 1000,
  retrySpreadMs: 0,
  returnsPerSecond: 2500,
  rotateRetryMs: 250,
};
