/** Keys that nobody guesses and that do not repeat. Used for Idempotency-Key and for entries on the page. */
export function randomKey(): string {
  // Not randomUUID: on a plain http address in the local network browsers do not have it.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
