/** `GET /v1/models`, `GET /v1/models/:id`, and which model a request means. Called by routes/openai. */
import type { Model } from "../../protocol.ts";
import type { ProviderRegistry } from "../../provider/registry.ts";
import type { ChatApp, RouteContext } from "../context.ts";
import { ProblemError } from "../problem.ts";

export function addModelRoutes(app: ChatApp, { providers }: RouteContext): void {
  app.get("/v1/models", async (c) => {
    const { models } = await providers.list(c.req.raw.signal);
    return c.json({ object: "list", data: models.map(toOpenAIModel) });
  });

  app.get("/v1/models/:id{.+}", async (c) => {
    const { models } = await providers.list(c.req.raw.signal);
    const id = c.req.param("id");
    const model = models.find((listed) => listed.id === id) ?? models.find((listed) => bareName(listed) === id);
    if (!model) throw unknownModel(id);
    return c.json(toOpenAIModel(model));
  });
}

/**
 * The `provider/model` that a name means: that very one, or the first in the list whose name without its provider it is.
 *
 * @throws {ProblemError} "unknown-model".
 */
export async function findModel(providers: ProviderRegistry, name: string, signal: AbortSignal): Promise<string> {
  if (providers.resolve(name)) return name;
  const { models } = await providers.list(signal);
  const model = models.find((listed) => bareName(listed) === name);
  if (!model) throw unknownModel(name);
  return model.id;
}

function unknownModel(name: string): ProblemError {
  return new ProblemError("unknown-model", {
    detail: `There is no model ${name}. GET /v1/models lists them.`,
    param: "model",
  });
}

function bareName({ id, provider }: Model): string {
  return id.slice(provider.length + 1);
}

/** When a model was made is not known here. */
function toOpenAIModel({ id, provider }: Model): object {
  return { id, object: "model", created: 0, owned_by: provider };
}
