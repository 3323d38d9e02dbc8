/** Hono's `streamSSE` on Node: one open handler a follower, written to one by one. */
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { listen } from "./serve.ts";

export function openHono(): Promise<number> {
  const app = new Hono();
  const followers = new Set<SSEStreamingApi>();
  app.get("/events", (context) =>
    streamSSE(context, async (stream) => {
      followers.add(stream);
      await new Promise<void>((resolve) => stream.onAbort(resolve));
      followers.delete(stream);
    }),
  );
  app.post("/publish", async (context) => {
    const data = await context.req.text();
    // Not awaited: it would wait for the slowest follower.
    for (const stream of followers) void stream.writeSSE({ data });
    return context.body(null, 204);
  });
  return listen(createAdaptorServer({ fetch: app.fetch }) as Server);
}
