/** `@fastify/sse`: it has no channels, so its replies are kept and sent to one by one. */
import fastifySse from "@fastify/sse";
import fastify, { type FastifyPluginAsync, type FastifyReply } from "fastify";

export async function openFastifySse(): Promise<number> {
  const app = fastify();
  // Its types are those of an ES module, and it is none: what Node imports is the plugin.
  await app.register(fastifySse as unknown as FastifyPluginAsync);
  const followers = new Set<FastifyReply["sse"]>();
  app.get("/events", { sse: true }, async (_request, reply) => {
    const { sse } = reply;
    sse.keepAlive();
    // Without a head, fastify would answer for a handler that returns nothing.
    sse.sendHeaders();
    followers.add(sse);
    sse.onClose(() => followers.delete(sse));
  });
  app.post("/publish", async (request, reply) => {
    // Not awaited: it would wait for the slowest follower, and for ever for one that goes away meanwhile.
    for (const sse of followers) sse.send({ data: request.body }).catch(() => undefined);
    return reply.code(204).send();
  });
  await app.listen({ host: "127.0.0.1", port: 0, backlog: 4096 });
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("fastify did not listen on a port");
  return address.port;
}
