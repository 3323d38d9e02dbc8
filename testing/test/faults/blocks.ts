/** Bytes of a response -> its complete events, read as plainly as can be: a second opinion beside our own parser. */

export interface WireEvent {
  /** `message` where the block names none. */
  event: string;
  data: string;
  /** As the block states it; `undefined` if it states none. */
  id: string | undefined;
}

/** A block without a blank line after it is not an event: the response was cut within it. */
export function parseBlocks(bytes: Uint8Array): WireEvent[] {
  const starts = [0, ...blockEnds(bytes)];
  return starts.slice(1).map((end, index) => {
    const block = Buffer.from(bytes.subarray(starts[index], end)).toString("utf8");
    const fields = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    const find = (name: string): string | undefined =>
      fields.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    return { event: find("event") ?? "message", data: find("data") ?? "", id: find("id") };
  });
}

/** Where each block ends: the number of bytes up to and with its blank line. */
export function blockEnds(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes).toString("latin1");
  const ends: number[] = [];
  for (let at = text.indexOf("\n\n"); at >= 0; at = text.indexOf("\n\n", at + 2)) ends.push(at + 2);
  return ends;
}
