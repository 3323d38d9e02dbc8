/**
 * What others wrote -> what may be written here. Used by output.ts.
 *
 * Trust boundary: an answer, an event or an error of a server may hold escape sequences that rename the window, fill the
 * clipboard or hide what stands above. A terminal is shown pictures of control characters; a file or a pipe gets the
 * exact text.
 */

/** Control characters but tab and line feed. */
const controls = /[\p{Cc}--[\t\n]]/gv;

export interface TextFilter {
  /** What can be written of the text so far: half a character, or half a line end, waits for its other half. */
  push: (text: string) => string;
  /** What still waits. */
  flush: () => string;
}

export function createTextFilter(forTerminal: boolean): TextFilter {
  // A first half of a surrogate pair, or a carriage return before what may be a line feed.
  let waiting = "";
  const convert = (text: string): string => (forTerminal ? toTerminalText(text) : text);
  return {
    push(text) {
      const whole = waiting + text;
      waiting = /(?:[\uD800-\uDBFF]|\r)$/.exec(whole)?.[0] ?? "";
      return convert(whole.slice(0, whole.length - waiting.length));
    },
    flush() {
      const rest = convert(waiting);
      waiting = "";
      return rest;
    },
  };
}

/** The same text with nothing in it that a terminal would obey but line ends and tabs. */
export function toTerminalText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(controls, toPicture);
}

/** U+2400 and on picture the control characters of ASCII; the others have no picture. */
function toPicture(control: string): string {
  const code = control.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\uFFFD";
}
