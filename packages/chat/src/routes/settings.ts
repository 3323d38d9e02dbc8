/** `/api/settings`: an owner's, read and changed. */
import * as v from "valibot";
import { readJson } from "./body.ts";
import type { ChatApp, RouteContext } from "./context.ts";
import { systemPrompt } from "./fields.ts";
import { check } from "./start-request.ts";

const settingsBody = v.strictObject({ systemPrompt });

export function addSettingsRoutes(app: ChatApp, { store, ownerOf }: RouteContext): void {
  app.get("/api/settings", async (c) => c.json(await store.settings.read(ownerOf(c.env.incoming))));

  app.patch("/api/settings", async (c) => {
    const body = check(settingsBody, await readJson(c.env.incoming, c.env.outgoing));
    return c.json(await store.settings.write(ownerOf(c.env.incoming), body));
  });
}
