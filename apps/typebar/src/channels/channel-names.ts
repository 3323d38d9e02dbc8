/** Which channels the server itself writes. Asked by channel-routes.ts. */
import { onlineChannel } from "./online.ts";

/** For channels that a later version may need. */
const ownPrefix = "typebar.";

/** Nobody else may publish to these. */
export function isOwnChannel(name: string): boolean {
  return name === onlineChannel || name.startsWith(ownPrefix);
}
