/** A line of the last three minutes, drawn by uPlot in the colours of board.css. Used by main.js. */
import uPlot from "uplot";

const spanSeconds = 180;

/** @param {HTMLElement} element */
export function createSparkline(element) {
  /** @type {number[]} */
  const seconds = [];
  /** @type {(number | null)[]} */
  const values = [];
  const colour = (name) => () => getComputedStyle(element).getPropertyValue(name);
  const plot = new uPlot(
    {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: [4, 0, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: { x: { range: () => toSpan(seconds.at(-1)) }, y: { range: (_, min, max) => toRoom(min, max) } },
      series: [{}, { stroke: colour("--line"), fill: colour("--area"), width: 1.5, points: { show: false } }],
    },
    [seconds, values],
    element,
  );
  new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: element.clientHeight })).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plot.redraw());

  function push(atMs, value) {
    seconds.push(atMs / 1000);
    values.push(value);
    while (seconds[0] < seconds.at(-1) - spanSeconds) {
      seconds.shift();
      values.shift();
    }
    plot.setData([seconds, values]);
  }

  return {
    /** What was drawn already, and is told once more, is passed over. */
    add(atMs, value) {
      if (seconds.length === 0 || atMs / 1000 > seconds.at(-1)) push(atMs, value);
    },
    /** Nobody can say what came between the last value and the next. */
    gap() {
      if (values.length > 0 && values.at(-1) !== null) push(seconds.at(-1) * 1000 + 1, null);
    },
    first: () => values.find((value) => value !== null),
  };
}

function toSpan(end = Date.now() / 1000) {
  return [end - spanSeconds, end];
}

/** Room above and below the line; also around one that is flat. */
function toRoom(min, max) {
  const room = (max - min) * 0.1 || Math.abs(max) * 0.001 || 1;
  return [min - room, max + room];
}
