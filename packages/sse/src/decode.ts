/** Bytes -> text in which every line ends with LF. Called by parse.ts with each chunk; one decoder per response. */

const byteOrderMark = 0xfe_ff;
const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const firstNonAscii = 0x80;

const more = { stream: true };

/**
 * One BOM at the start is dropped. CR and CR LF become LF; a CR at the end of a chunk at once, as the line it ends is
 * complete.
 */
export function createLineDecoder(): (bytes: Uint8Array) => string {
  // Drops no BOM by itself: Node's drops two when the first is split over chunks.
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  let atStart = true;
  // The last chunk ended with CR: an LF that begins the next one belongs to it.
  let afterReturn = false;

  return (bytes) => {
    const last = bytes[bytes.length - 1] ?? firstNonAscii;
    // After an ASCII character no bytes have to wait for more, and Node decodes what is said to be whole twice as fast.
    let text = last < firstNonAscii ? utf8.decode(bytes) : utf8.decode(bytes, more);
    if (text === "") return text;
    if (atStart && text.charCodeAt(0) === byteOrderMark) text = text.slice(1);
    atStart = false;
    if (!afterReturn && !text.includes("\r")) return text;
    if (afterReturn && text.charCodeAt(0) === lineFeed) text = text.slice(1);
    afterReturn = last === carriageReturn;
    return text.replaceAll(/\r\n?/g, "\n");
  };
}
