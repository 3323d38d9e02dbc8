/** The loop that everyone writes first: one `write` for each follower, and nothing else. */
import type { ServerResponse } from "node:http";
import { serveBroadcast } from "./serve.ts";

export function openNaive(): Promise<number> {
  const followers = new Set<ServerResponse>();
  return serveBroadcast({
    follow(_request, response) {
      response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
      response.flushHeaders();
      followers.add(response);
      response.on("close", () => followers.delete(response));
    },
    publish(body) {
      const event = `data: ${body}\n\n`;
      for (const follower of followers) follower.write(event);
    },
  });
}
