/** What the page and the frame that draws a diagram say to one another. Used by sandbox.ts and by the frame's script. */

export interface DrawRequest {
  source: string;
  dark: boolean;
}
/** Size in CSS pixels, as the diagram would be without a limit to its width. */
export type DrawAnswer = { type: "drawn"; width: number; height: number } | { type: "failed" };

/** A longer one is not drawn: its source stays. */
export const longestSourceChars = 20_000;
/** One that is larger in either direction is not shown. */
const largestPx = 10_000;

/** What comes from the frame is not trusted: whatever is not of the right form counts as failed. */
export function parseAnswer(data: unknown): DrawAnswer {
  const failed: DrawAnswer = { type: "failed" };
  if (typeof data !== "object" || data === null || !("type" in data) || data.type !== "drawn") return failed;
  if (!("width" in data) || !("height" in data)) return failed;
  const { width, height } = data;
  return isSize(width) && isSize(height) ? { type: "drawn", width, height } : failed;
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && value >= 1 && value <= largestPx;
}
