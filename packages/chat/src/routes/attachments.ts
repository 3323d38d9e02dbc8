/** `/api/attachments`: files that a question will bring along. Checked by attachment-file.ts. */
import { idInPath } from "../ids.ts";
import { headerNames } from "../protocol.ts";
import { checkFile, imageTypes, maxImageBytes } from "./attachment-file.ts";
import { readBytes } from "./body.ts";
import type { ChatApp, RouteContext } from "./context.ts";
import { ProblemError } from "./problem.ts";

export function addAttachmentRoutes(app: ChatApp, { store, ownerOf, isDraining }: RouteContext): void {
  app.post("/api/attachments", async (c) => {
    if (isDraining()) throw new ProblemError("draining");
    const { incoming, outgoing } = c.env;
    const data = await readBytes(incoming, outgoing, maxImageBytes);
    const file = checkFile(data, {
      filename: c.req.header(headerNames.filename),
      contentType: c.req.header("Content-Type"),
    });
    const stored = await store.attachments.add(ownerOf(incoming), { ...file, data });
    return c.json(stored, 201, { Location: `/api/attachments/${stored.id}` });
  });

  app.get(`/api/attachments/:id{${idInPath}}`, async (c) => {
    const file = await store.attachments.read(ownerOf(c.env.incoming), c.req.param("id"));
    if (!file) throw new ProblemError("not-found");
    const disposition = imageTypes.includes(file.mediaType) ? "inline" : "attachment";
    return c.body(Uint8Array.from(file.data), 200, {
      "Content-Type": file.mediaType === "text/plain" ? "text/plain; charset=utf-8" : file.mediaType,
      "Content-Disposition": `${disposition}; filename*=UTF-8''${encodeRfc8187(file.name)}`,
      // Whoever opens it by itself gets no script, no style, no frame out of it.
      "Content-Security-Policy": "sandbox; default-src 'none'",
      "X-Content-Type-Options": "nosniff",
      "Cross-Origin-Resource-Policy": "same-origin",
      // What is stored under an ID never changes.
      "Cache-Control": "private, max-age=31536000, immutable",
    });
  });
}

/** @see https://www.rfc-editor.org/rfc/rfc8187 */
function encodeRfc8187(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
