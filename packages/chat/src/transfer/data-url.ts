/** A file <-> the address that holds it whole, as exports do. Used by store/transfer and import-schema.ts. */

export function toDataUrl(mediaType: string, data: Uint8Array): string {
  return `data:${mediaType};base64,${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64")}`;
}

/** `undefined` for any other address, and for base64 that another encoder would not have written so. */
export function parseDataUrl(url: string): { mediaType: string; data: Uint8Array } | undefined {
  const [, mediaType, base64] = /^data:([a-z]+\/[a-z0-9.+-]+);base64,([A-Za-z0-9+/]+={0,2})$/.exec(url) ?? [];
  if (mediaType === undefined || base64 === undefined) return undefined;
  const data = Buffer.from(base64, "base64");
  return data.toString("base64") === base64 ? { mediaType, data } : undefined;
}
