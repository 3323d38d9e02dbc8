/** The hub behind the server of Bun or of Deno. Bundled and started by runtime-server; prints its port. */
import { allowedOrigin, type Command, createHubWorld, toFollowOptions, type WorldOptions } from "./hub-world.ts";

type Fetch = (request: Request) => Promise<Response>;

/** As far as they are used here. */
declare const Bun: {
  serve(options: { port: number; hostname: string; idleTimeout: number; fetch: Fetch }): { port: number };
};
declare const Deno: {
  serve(options: { port: number; hostname: string; onListen: (address: { port: number }) => void }, fetch: Fetch): void;
};

export function serve(options: WorldOptions): void {
  const { hub, control } = createHubWorld(options);

  async function answer(request: Request): Promise<Response> {
    if (new URL(request.url).pathname === "/control") {
      return Response.json(await control((await request.json()) as Command));
    }
    const response = await hub.respond(request, toFollowOptions(request.url));
    response.headers.set("Access-Control-Allow-Origin", allowedOrigin);
    return response;
  }

  const hostname = "127.0.0.1";
  if ("Bun" in globalThis) console.log(Bun.serve({ port: 0, hostname, idleTimeout: 0, fetch: answer }).port);
  else Deno.serve({ port: 0, hostname, onListen: ({ port }) => console.log(port) }, answer);
}
