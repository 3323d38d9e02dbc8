/** Limits that both directions of the wire share. */

/** Longest delay a timer can hold; longer ones fire at once in browsers and in Node. */
export const maxTimerMs = 2_147_483_647;
