/** Many who come and go without a pause, each in a way of its own choice. Run by main. */
import { pick, type Random, randomInteger } from "@typebar/testing";
import { leaves, visit } from "./raw-visit.ts";

export interface VisitorsOptions {
  random: Random;
  count: number;
  signal: AbortSignal;
}

/** Settles when all have left after the signal. Returns how many visits there were. */
export async function visitChannels(port: number, { random, count, signal }: VisitorsOptions): Promise<number> {
  const paths = ["/rates", "/sales,rates", "/rates,sales,heavy", "/heavy", "/bad%20name", "/rates?user=refused"];
  return visitAll(count, signal, async (visitor) => {
    let lastEventId = "";
    const path = pick(paths, random);
    // Some come back with the ID, as a browser does.
    for (let round = randomInteger(random, 1, 3); round > 0 && !signal.aborted; round--) {
      const headers = lastEventId === "" ? [] : [`Last-Event-ID: ${lastEventId}`];
      const named = path.includes("?") ? path : `${path}?user=${visitor}`;
      const request = { method: "GET", path: named, headers };
      const leave = pick(leaves, random);
      lastEventId = (await visit({ port, request, leave, stayMs: randomInteger(random, 0, 1500) })) || lastEventId;
    }
  });
}

/** Asks questions, follows the answers for a while, stops some, comes back to others. */
export async function visitAnswers(port: number, { random, count, signal }: VisitorsOptions): Promise<number> {
  return visitAll(count, signal, async () => {
    const message = `script:mixed:${randomInteger(random, 1, 9999)}:60 delay:${randomInteger(random, 1, 15)}`;
    const headers = ["Content-Type: application/json", "Accept: text/event-stream"];
    const request = { method: "POST", path: "/api/chat", headers, body: JSON.stringify({ message }) };
    const leave = pick(leaves, random);
    const stayMs = randomInteger(random, 0, 800);
    const lastEventId = await visit({ port, request, leave, stayMs });
    const [generationId = ""] = lastEventId.split(":");
    if (generationId === "" || random() < 0.4) return;
    const path = `/api/generations/${generationId}`;
    if (random() < 0.3) {
      await visit({ port, request: { method: "POST", path: `${path}/stop`, headers: [] }, leave: "ends", stayMs: 100 });
      return;
    }
    const resumed = { method: "GET", path: `${path}/events`, headers: [`Last-Event-ID: ${lastEventId}`] };
    await visit({ port, request: resumed, leave: pick(leaves, random), stayMs });
  });
}

async function visitAll(
  count: number,
  signal: AbortSignal,
  visitOnce: (visitor: number) => Promise<void>,
): Promise<number> {
  let visits = 0;
  const visitors = Array.from({ length: count }, async (_, visitor) => {
    while (!signal.aborted) {
      await visitOnce(visitor);
      visits += 1;
    }
  });
  await Promise.all(visitors);
  return visits;
}
