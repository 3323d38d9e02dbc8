/** Bytes that go to any number of sockets: encoded once, framed once. Made by the feeds, written by the sinks. */
import { toHttpChunk } from "./http-chunk.ts";

export interface Packet {
  /** Whole event blocks, or whole lines. */
  readonly bytes: Buffer;
  /** How many events they are. */
  readonly eventCount: number;
  /** The same as one chunk of an HTTP/1.1 body, made when first asked for. */
  readonly chunk: Buffer;
}

/** @param parts - Joined in their order; a single one is not copied. */
export function createPacket(parts: readonly Uint8Array[], eventCount: number): Packet {
  const [only] = parts;
  return new EncodedPacket(only && parts.length === 1 ? toBuffer(only) : Buffer.concat(parts), eventCount);
}

/** A class: each object literal that has a getter would be of a kind of its own to the engine, slow to read and long to forget. */
class EncodedPacket implements Packet {
  readonly bytes: Buffer;
  readonly eventCount: number;
  #chunk: Buffer | undefined;

  constructor(bytes: Buffer, eventCount: number) {
    this.bytes = bytes;
    this.eventCount = eventCount;
  }

  get chunk(): Buffer {
    return (this.#chunk ??= toHttpChunk(this.bytes));
  }
}

/** Nothing to write. */
export const emptyPacket: Packet = createPacket([], 0);

/** A socket makes a `Buffer` of whatever it is given: once here, not once for each socket. */
function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
