/** The hub behind each framework, as its users would write it. Used by the tests of this folder. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import compression from "compression";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import Koa from "koa";
import { findBun, findDeno } from "../binaries.ts";
import {
  allowedOrigin,
  createHubWorld,
  type HubServer,
  type HubWorld,
  toFollowOptions,
  type WorldOptions,
} from "./hub-world.ts";
import { openRuntimeServer } from "./runtime-server.ts";

export interface Adapter {
  name: string;
  /** Why it cannot be had here. */
  missing: string | undefined;
  open(options: WorldOptions): Promise<HubServer>;
}

const corsHeaders = { "Access-Control-Allow-Origin": allowedOrigin, Vary: "Origin" };

function serveNode({ hub }: HubWorld): Server {
  return createServer((request, response) => {
    for (const [name, value] of Object.entries(corsHeaders)) response.setHeader(name, value);
    void hub.handle(request, response, toFollowOptions(request.url ?? ""));
  });
}

function serveExpress({ hub }: HubWorld): Server {
  const app = express();
  app.use(compression({ threshold: 0 }));
  app.use((_request, response, next) => {
    response.set(corsHeaders);
    next();
  });
  app.get("/events", (request, response) => hub.handle(request, response, toFollowOptions(request.url)));
  return createServer(app);
}

async function serveFastify({ hub }: HubWorld): Promise<Server> {
  const app = fastify({ forceCloseConnections: true });
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(corsHeaders);
    done();
  });
  app.get("/events", (request, reply) => {
    reply.hijack();
    return hub.handle(request.raw, reply.raw, { ...toFollowOptions(request.url), headers: reply.getHeaders() });
  });
  await app.ready();
  return app.server;
}

function serveKoa({ hub }: HubWorld): Server {
  const app = new Koa();
  // Of each client that leaves with a reset; without a listener they are printed.
  app.on("error", () => undefined);
  app.use((context, next) => {
    context.set(corsHeaders);
    return next();
  });
  app.use(async (context) => {
    context.respond = false;
    await hub.handle(context.req, context.res, toFollowOptions(context.url));
  });
  const listener = app.callback();
  return createServer((request, response) => void listener(request, response));
}

function serveHonoOnNode({ hub }: HubWorld): Server {
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.use(compress(), cors({ origin: allowedOrigin }));
  app.get("/events", async ({ env, req, res }) => {
    const headers = Object.fromEntries(res.headers);
    await hub.handle(env.incoming, env.outgoing, { ...toFollowOptions(req.url), headers });
    return RESPONSE_ALREADY_SENT;
  });
  return createAdaptorServer({ fetch: app.fetch }) as Server;
}

function serveHono({ hub }: HubWorld): Server {
  const app = new Hono();
  app.use(compress(), cors({ origin: allowedOrigin }));
  app.get("/events", ({ req }) => hub.respond(req.raw, toFollowOptions(req.url)));
  return createAdaptorServer({ fetch: app.fetch }) as Server;
}

function onNode(name: string, serve: (world: HubWorld) => Server | Promise<Server>): Adapter {
  return {
    name,
    missing: undefined,
    async open(options) {
      const world = createHubWorld(options);
      const server = await serve(world);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return {
        port: (server.address() as AddressInfo).port,
        control: world.control,
        async [Symbol.asyncDispose]() {
          await world.control({ type: "allow" });
          await world.hub.close();
          server.closeAllConnections();
          await new Promise((resolve) => server.close(resolve));
        },
      };
    },
  };
}

const bun = findBun();
const deno = findDeno();

export const adapters: readonly Adapter[] = [
  onNode("Node's http", serveNode),
  onNode("Express", serveExpress),
  onNode("Fastify", serveFastify),
  onNode("Koa", serveKoa),
  onNode("Hono on Node's response", serveHonoOnNode),
  onNode("Hono with a web-standard Response", serveHono),
  { name: "Bun", missing: bun.missing, open: (options) => openRuntimeServer(bun.path, ["run"], options) },
  {
    name: "Deno",
    missing: deno.missing,
    open: (options) => openRuntimeServer(deno.path, ["run", "--allow-net", "--allow-env"], options),
  },
];
