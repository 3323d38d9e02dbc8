/** Sources -> channels, once a second. Started by server.ts. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Hub } from "@typebar/server";
import { type Rates, readRates, readSales, type Sales } from "./sources.ts";

/** What each channel carries. The hub itself tells of `visitors`: how many pages are open. */
export type BoardChannels = {
  rates: { rates: Rates };
  sales: { sales: Sales };
  visitors: Record<never, never>;
};

export const channels: readonly (keyof BoardChannels)[] = ["rates", "sales", "visitors"];

/** Settles when the signal is aborted. */
export async function runBoard(hub: Hub<BoardChannels>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const [rates, sales] = await Promise.all([readRates(Date.now()), readSales(Date.now())]);
      await Promise.all([
        hub.publish("rates", { event: "rates", data: rates }),
        hub.publish("sales", { event: "sales", data: sales }),
      ]);
    } catch (error) {
      // A source that does not answer now is asked again a second later.
      console.error(error);
    }
    await sleep(1000, undefined, { signal }).catch(() => undefined);
  }
}
