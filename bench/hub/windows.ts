/** Choosing among measurements on a machine that others use too. Used by the parts that measure rates. */
import type { LoadWindow } from "./load.ts";

/** What other programs may take of the time before a measurement counts as disturbed. */
const mostDisturbance = 0.05;

/** How much of the time the server or the load generator was ready to run while others ran. */
function disturbanceOf({ seconds, serverWaitedSeconds, loadWaitedSeconds }: LoadWindow): number {
  return (serverWaitedSeconds + loadWaitedSeconds) / seconds;
}

/** The median of the quiet ones; where none was quiet, the quietest. */
export function medianOfQuiet<Window extends LoadWindow>(
  windows: readonly Window[],
  valueOf: (window: Window) => number,
): number {
  const byDisturbance = windows.toSorted((one, other) => disturbanceOf(one) - disturbanceOf(other));
  const quiet = byDisturbance.filter((window) => disturbanceOf(window) <= mostDisturbance);
  const values = (quiet.length > 0 ? quiet : byDisturbance.slice(0, 1))
    .map(valueOf)
    .toSorted((one, other) => one - other);
  const middle = (values.length - 1) / 2;
  return ((values[Math.floor(middle)] ?? Number.NaN) + (values[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

/** What is told of one as it is measured. */
export function formatWindow(window: LoadWindow): string {
  const { perSecond, seconds, serverCpuSeconds, loadCpuSeconds } = window;
  const share = (part: number): string => `${Math.round((part / seconds) * 100)} %`;
  const disturbance = disturbanceOf(window);
  const note =
    disturbance > mostDisturbance ? `, DISTURBED by other programs ${Math.round(disturbance * 100)} % of the time` : "";
  return `${Math.round(perSecond)} messages/s, server ${share(serverCpuSeconds)} of its core, load generator ${share(loadCpuSeconds)}${note}`;
}
