/** Bytes that go to any number of sockets: encoded once, framed once. Made by the feeds, written by the sinks. */
import { toHttpChunk } from "./http-chunk.ts";

export interface Packet {
  /** Whole event blocks, or whole lines, in as many pieces as they were made of. */
  readonly parts: readonly Buffer[];
  readonly byteLength: number;
  /** How many events they are. */
  readonly eventCount: number;
  /** All in one piece, joined when first asked for. */
  readonly bytes: Buffer;
  /** The same as one chunk of an HTTP/1.1 body, made when first asked for. */
  readonly chunk: Buffer;
}

export function createPacket(parts: readonly Uint8Array[], eventCount: number): Packet {
  return new EncodedPacket(parts.map(toBuffer), eventCount);
}

/** A class: each object literal that has a getter would be of a kind of its own to the engine, slow to read and long to forget. */
class EncodedPacket implements Packet {
  readonly parts: readonly Buffer[];
  readonly byteLength: number;
  readonly eventCount: number;
  #bytes: Buffer | undefined;
  #chunk: Buffer | undefined;

  constructor(parts: readonly Buffer[], eventCount: number) {
    this.parts = parts;
    this.byteLength = parts.reduce((sum, { length }) => sum + length, 0);
    this.eventCount = eventCount;
  }

  get bytes(): Buffer {
    const [only] = this.parts;
    return (this.#bytes ??= only && this.parts.length === 1 ? only : Buffer.concat(this.parts));
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
