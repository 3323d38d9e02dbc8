/** Where a client says that it was: in the header of the standard, or in the address for those who cannot set one. Used by hub. */

/** @param target - Path and query, or a whole URL. */
export function readLastEventId(header: string | undefined, target: string): string | undefined {
  const query = target.indexOf("?");
  const id = header ?? (query < 0 ? undefined : new URLSearchParams(target.slice(query)).get("lastEventId"));
  return id === "" ? undefined : (id ?? undefined);
}
