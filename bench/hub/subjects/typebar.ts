/** Typebar's hub over its log in memory, with history and resumption as they are by default. */
import { openMemoryLog } from "@typebar/log/memory";
import { createHub } from "@typebar/server";
import { serveBroadcast } from "./serve.ts";

const channel = "bench";

export function openTypebar({ flushMs }: { flushMs: number }): Promise<number> {
  const hub = createHub({ log: openMemoryLog(), flushMs });
  return serveBroadcast({
    follow(request, response) {
      void hub.handle(request, response, { channels: [channel] });
    },
    async publish(body) {
      await hub.publish(channel, { data: JSON.parse(body) });
    },
  });
}
