/** The wire format of Redis: what a node says to it, read on the way, and what it answers to the checker. Used by writers.ts and read-redis.ts. */

export type RespValue = string | number | null | Error | RespValue[];

/** Bytes as they come -> whole values. Only what RESP2 has: also what a client sends under RESP3. */
export function createRespReader(): (bytes: Buffer) => RespValue[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    const values: RespValue[] = [];
    let at = 0;
    for (;;) {
      const read = readValue(rest, at);
      if (!read) break;
      values.push(read.value);
      at = read.end;
    }
    rest = rest.subarray(at);
    return values;
  };
}

export function toCommand(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`;
}

/** @returns nothing where the value is not whole yet. */
function readValue(bytes: Buffer, start: number): { value: RespValue; end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", start, "latin1");
  if (lineEnd < 0) return undefined;
  const type = String.fromCodePoint(bytes[start] ?? 0);
  const line = bytes.toString("utf8", start + 1, lineEnd);
  const next = lineEnd + 2;
  if (type === "+") return { value: line, end: next };
  if (type === "-") return { value: new Error(line), end: next };
  if (type === ":") return { value: Number(line), end: next };
  const length = Number(line);
  if (!Number.isInteger(length) || (type !== "$" && type !== "*")) throw new Error(`Not RESP: ${type}${line}`);
  if (length < 0) return { value: null, end: next };
  if (type === "$") {
    const end = next + length + 2;
    return end > bytes.length ? undefined : { value: bytes.toString("utf8", next, end - 2), end };
  }
  const items: RespValue[] = [];
  let at = next;
  while (items.length < length) {
    const item = readValue(bytes, at);
    if (!item) return undefined;
    items.push(item.value);
    at = item.end;
  }
  return { value: items, end: at };
}
