/** As the server counts it: PROTOCOL.md. Used where questions are written. */
export const longestMessageChars = 100_000;
