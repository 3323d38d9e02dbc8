/** The conversation's ID stands in the address, so that a refresh, or another device, comes back to it. */
import { generateId } from "ai";

export function readChatId() {
  const url = new URL(location.href);
  const id = url.searchParams.get("chat") ?? generateId();
  url.searchParams.set("chat", id);
  history.replaceState(null, "", url);
  return id;
}
