/** Bytes -> one chunk of an HTTP/1.1 body: in one piece, where Node's response would write three. */

/** @see RFC 9112, section 7.1 */
export function toHttpChunk(bytes: Uint8Array): Buffer {
  const size = `${bytes.length.toString(16)}\r\n`;
  const chunk = Buffer.allocUnsafe(size.length + bytes.length + 2);
  chunk.write(size, 0, "latin1");
  chunk.set(bytes, size.length);
  chunk.write("\r\n", size.length + bytes.length, "latin1");
  return chunk;
}
