/** Takes connections: as many as leave files free for the store and for models. Called by server. */
import { once } from "node:events";
import type { Server } from "node:http";
import type { Logger } from "pino";

export interface ListenOptions {
  host: string;
  port: number;
  logger: Logger;
  /** Files that the process may have open, each connection being one; unknown on Windows, where nothing like it is set. */
  openFilesLimit: number | undefined;
}

/** Pending connections that the kernel holds while a herd comes back; where `net.core.somaxconn` is lower, that counts. */
const backlog = 4096;
/** An eighth of the files is for the store, for requests to models and for what a start needs; within these bounds. */
const reserve = { fraction: 1 / 8, least: 48, most: 1024 };
/** A herd that is refused is told of once in so many milliseconds. */
const tellMs = 10_000;

/**
 * A connection too many is closed as soon as it is accepted: its client sees that at once and comes back. Without a bound the system
 * would refuse files to the store as well.
 */
export function toMaxConnections(openFilesLimit: number): number {
  const reserved = Math.min(Math.max(Math.ceil(openFilesLimit * reserve.fraction), reserve.least), reserve.most);
  return Math.max(1, openFilesLimit - reserved);
}

/** @throws the `error` event of a port that cannot be had. */
export async function listen(server: Server, { host, port, logger, openFilesLimit }: ListenOptions): Promise<void> {
  if (openFilesLimit !== undefined) server.maxConnections = toMaxConnections(openFilesLimit);
  server.listen({ host, port, backlog });
  await once(server, "listening");
  let refused = 0;
  let toldMs = Number.NEGATIVE_INFINITY;
  server.on("drop", () => {
    refused += 1;
    if (performance.now() - toldMs < tellMs) return;
    logger.warn(
      { refused, maxConnections: server.maxConnections, openFilesLimit },
      "connections are refused: as many are open as the limit of open files allows",
    );
    toldMs = performance.now();
    refused = 0;
  });
  // A connection that could not be accepted must not end the others.
  server.on("error", (error) => logger.error({ err: error }, "a connection could not be accepted"));
}

/** `undefined` where the system has no such limit, or it cannot be known. */
export function readOpenFilesLimit(): number | undefined {
  if (!process.report) return undefined;
  // Else it asks for the name of every address that is connected.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const limit = Number(userLimits?.open_files?.soft);
  return Number.isInteger(limit) && limit > 0 ? limit : undefined;
}
