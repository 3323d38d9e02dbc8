/** `GET /api/access`: what a page needs to know of how it was let in. Asked by the composition root. */
import type { AccessInfo } from "@typebar/chat/protocol";

export function accessInfo(password: boolean): Response {
  const info: AccessInfo = { password };
  return Response.json(info, { headers: { "Cache-Control": "no-store" } });
}
