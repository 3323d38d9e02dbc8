/** Export and import: an owner's conversations as JSON that another Typebar takes, or one of them as Markdown. */
import * as v from "valibot";
import { idInPath } from "../ids.ts";
import type { Export } from "../protocol.ts";
import { importSchema } from "../transfer/import-schema.ts";
import { toMarkdown } from "../transfer/to-markdown.ts";
import { readJson } from "./body.ts";
import type { ChatApp, Report, RouteContext } from "./context.ts";
import { ProblemError } from "./problem.ts";
import { check } from "./start-request.ts";

const maxImportBytes = 50_000_000;

const exportQuery = v.strictObject({ format: v.optional(v.picklist(["json", "markdown"]), "json") });
const noQuery = v.strictObject({});

export function addTransferRoutes(app: ChatApp, { store, ownerOf, requestIdOf }: RouteContext, report: Report): void {
  app.get(`/api/conversations/:id{${idInPath}}/export`, async (c) => {
    const { format } = check(exportQuery, c.req.query());
    const ownerId = ownerOf(c.env.incoming);
    const id = c.req.param("id");
    const exported = await store.transfer.read(ownerId, id);
    const shown = exported && (await store.conversations.read(ownerId, id));
    if (!shown) throw new ProblemError("not-found");
    if (format === "markdown") {
      return c.body(toMarkdown(shown), 200, toFileHeaders("text/markdown; charset=utf-8", shown.title, "md"));
    }
    const whole: Export = { typebar: 1, conversations: [exported] };
    return c.body(JSON.stringify(whole), 200, toFileHeaders("application/json", shown.title, "json"));
  });

  app.get("/api/export", async (c) => {
    check(noQuery, c.req.query());
    const ownerId = ownerOf(c.env.incoming);
    const ids = await store.transfer.ids(ownerId);
    const onError = (error: unknown): void => {
      report("an export failed", error, { requestId: requestIdOf?.(c.env.incoming) });
      // What is there already must not look like all of it.
      c.env.outgoing.destroy();
    };
    return c.body(toStream(encodeAll(ids), onError), 200, toFileHeaders("application/json", "Typebar", "json"));

    /** One at a time: all of them need not fit into memory. */
    async function* encodeAll(all: readonly string[]): AsyncGenerator<Uint8Array<ArrayBuffer>> {
      const encoder = new TextEncoder();
      yield encoder.encode('{"typebar":1,"conversations":[');
      let isFirst = true;
      for (const id of all) {
        const conversation = await store.transfer.read(ownerId, id);
        // It was deleted meanwhile.
        if (!conversation) continue;
        yield encoder.encode(`${isFirst ? "" : ","}\n${JSON.stringify(conversation)}`);
        isFirst = false;
      }
      yield encoder.encode("]}\n");
    }
  });

  app.post("/api/import", async (c) => {
    const { incoming, outgoing } = c.env;
    const { conversations } = check(importSchema, await readJson(incoming, outgoing, maxImportBytes));
    return c.json(await store.transfer.write(ownerOf(incoming), conversations), 201);
  });
}

/** Asks for the next piece when the last one was taken. */
function toStream(
  pieces: AsyncGenerator<Uint8Array<ArrayBuffer>>,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        onError(error);
        controller.close();
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

/** A name for the file that a browser stores, in any script, without what a file system might not take. */
function toFileHeaders(type: string, title: string, extension: "md" | "json"): Record<string, string> {
  const name = title.replace(/[\s\p{C}\\/:*?"<>|]+/gu, " ").trim() || "conversation";
  const encoded = encodeURIComponent(`${name}.${extension}`).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return {
    "Content-Type": type,
    "Content-Disposition": `attachment; filename="conversation.${extension}"; filename*=UTF-8''${encoded}`,
  };
}
