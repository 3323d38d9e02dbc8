/** Events -> page. */
import { follow } from "./follow.js";
import { createSparkline } from "./sparkline.js";
import { language, texts } from "./texts.js";

const find = (id) => document.querySelector(`#${id}`);
const whole = new Intl.NumberFormat(language);
const euros = new Intl.NumberFormat(language, { style: "currency", currency: "EUR", maximumFractionDigits: 0 });
const percents = new Intl.NumberFormat(language, {
  style: "percent",
  minimumFractionDigits: 3,
  signDisplay: "exceptZero",
});
const durations = new Intl.NumberFormat(language, {
  style: "unit",
  unit: "second",
  unitDisplay: "long",
  maximumFractionDigits: 1,
});

const salesLine = createSparkline(find("sales-line"));
const rateCards = new Map();
/** When the connection was lost, while it is. */
let lostMs;
/** Each channel is reset by itself; of one return it is told once. */
let toldReset = false;

showConnection("connecting");
follow(
  "/events",
  {
    ready({ resumed }) {
      tell(resumed && lostMs ? texts.back(durations.format((performance.now() - lostMs) / 1000)) : texts.connected);
      showConnection("live");
      lostMs = undefined;
      toldReset = false;
    },
    /** What was drawn stays true, since each value says of when it is; what came after it is not known. */
    reset({ channel }) {
      if (channel === "sales") salesLine.gap();
      if (channel === "rates") for (const { line } of rateCards.values()) line.gap();
      if (!toldReset) tell(texts.reset);
      toldReset = true;
    },
    sales({ atMs, soldToday, takingsCents, lastMinute }) {
      // The event has the whole count: nothing is added up here that could be added twice.
      find("sold").textContent = whole.format(soldToday);
      find("takings").textContent = texts.takings(euros.format(takingsCents / 100));
      find("last-minute").textContent = texts.lastMinute(whole.format(lastMinute));
      salesLine.add(atMs, lastMinute);
    },
    rates({ atMs, rates }) {
      for (const [pair, rate] of Object.entries(rates)) showRate(pair, rate, atMs);
    },
    presence({ count }) {
      find("visitors").textContent = whole.format(count);
      find("people").textContent = "●".repeat(Math.min(count, 60));
    },
  },
  () => {
    if (lostMs === undefined) tell(texts.lost);
    lostMs ??= performance.now();
    showConnection("reconnecting");
  },
);

function showRate(pair, rate, atMs) {
  const card = rateCards.get(pair) ?? addRateCard(pair);
  card.line.add(atMs, rate);
  const change = rate / (card.line.first() ?? rate) - 1;
  // As many digits for one rate at all times, so that they do not jump.
  const digits = rate < 2 ? 5 : rate < 20 ? 4 : 3;
  card.rate.textContent = rate.toLocaleString(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  card.change.textContent = `${change < 0 ? "▼" : "▲"} ${texts.sinceStart(percents.format(change))}`;
}

function addRateCard(pair) {
  const card = find("rate").content.cloneNode(true).firstElementChild;
  card.querySelector("h2").textContent = pair;
  find("rates").append(card);
  const [rate, change] = card.querySelectorAll("p");
  const parts = { rate, change, line: createSparkline(card.querySelector(".sparkline")) };
  rateCards.set(pair, parts);
  return parts;
}

/** @param {"connecting" | "live" | "reconnecting"} state */
function showConnection(state) {
  find("connection").dataset.state = state;
  find("connection").textContent = texts[state];
}

function tell(text) {
  const line = document.createElement("li");
  line.textContent = `${new Date().toLocaleTimeString(language)} ${text}`;
  find("journal").prepend(line);
  while (find("journal").children.length > 5) find("journal").lastElementChild.remove();
}
