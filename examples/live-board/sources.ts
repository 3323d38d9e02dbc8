/**
 * SIMULATED. Where the board's figures come from; read once a second by board.ts. To show your own, replace the bodies of
 * `readRates` and `readSales` with your bank's API and your shop's database; nothing else has to change.
 *
 * Both are computed from the clock alone, so that a restarted server goes on with the same figures, as a database would.
 */

export interface Rates {
  atMs: number;
  /** Price of the pair's first currency in its second. */
  rates: Record<string, number>;
}

export interface Sales {
  atMs: number;
  /** Items sold since midnight (UTC). The whole count and not a difference: whoever hears it twice, or misses one, still has it right. */
  soldToday: number;
  /** Takings since midnight, in cents of a euro. */
  takingsCents: number;
  /** Items sold in the last minute. */
  lastMinute: number;
}

export async function readRates(nowMs: number): Promise<Rates> {
  return { atMs: nowMs, rates: Object.fromEntries(pairs.map((pair) => [pair.name, simulateRate(pair, nowMs)])) };
}

export async function readSales(nowMs: number): Promise<Sales> {
  const midnightMs = Math.floor(nowMs / dayMs) * dayMs;
  const soldToday = simulateSold((nowMs - midnightMs) / 1000);
  return {
    atMs: nowMs,
    soldToday,
    takingsCents: simulateTakings(soldToday),
    lastMinute: soldToday - simulateSold(Math.max(0, (nowMs - midnightMs) / 1000 - 60)),
  };
}

const dayMs = 86_400_000;
const pairs = [
  { name: "EUR/USD", base: 1.1642, decimals: 5 },
  { name: "EUR/GBP", base: 0.8731, decimals: 5 },
  { name: "EUR/CNY", base: 8.3105, decimals: 4 },
  { name: "USD/JPY", base: 152.84, decimals: 3 },
];
/** What a customer puts in the basket, in cents, over and over. */
const basketCents = [1290, 450, 2400, 990, 3600, 750, 1850];

/** Slow waves with a tremble on them. */
function simulateRate({ base, decimals, name }: (typeof pairs)[number], nowMs: number): number {
  const phase = name.charCodeAt(4) + name.charCodeAt(1);
  const seconds = nowMs / 1000;
  const wave = 6 * Math.sin(seconds / 311 + phase) + 2 * Math.sin(seconds / 37 + phase * 2) + Math.sin(seconds / 7.3);
  const tremble = ((Math.floor(seconds) * (7919 + phase)) % 101) / 101;
  return Number((base * (1 + (wave + tremble) / 10_000)).toFixed(decimals));
}

/** Items sold so many seconds after midnight: about one in a second, in waves, and never fewer than before. */
function simulateSold(seconds: number): number {
  return Math.floor(seconds - 25 * Math.cos(seconds / 43) - 6 * Math.cos(seconds / 17) + 31);
}

function simulateTakings(sold: number): number {
  const rounds = Math.floor(sold / basketCents.length);
  return rounds * total(basketCents) + total(basketCents.slice(0, sold % basketCents.length));
}

function total(cents: readonly number[]): number {
  return cents.reduce((sum, price) => sum + price, 0);
}
