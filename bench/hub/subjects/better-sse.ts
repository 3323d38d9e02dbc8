/** better-sse with its channel, as its guide shows it. */
import { createChannel, createSession } from "better-sse";
import { serveBroadcast } from "./serve.ts";

export function openBetterSse(): Promise<number> {
  const channel = createChannel();
  return serveBroadcast({
    follow(request, response) {
      void createSession(request, response).then((session) => channel.register(session));
    },
    publish(body) {
      channel.broadcast(JSON.parse(body));
    },
  });
}
