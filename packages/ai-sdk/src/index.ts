/** A chat transport for the AI SDK, versions 5, 6 and 7: answers of a Typebar server that never lose their place. */
export { createTypebarTransport } from "./transport.ts";
export type { TypebarChatTransport } from "./transport.ts";
export type { TypebarTransportOptions } from "./options.ts";
export { TypebarTransportError } from "./errors.ts";
export type { TypebarTransportErrorCode } from "./errors.ts";
