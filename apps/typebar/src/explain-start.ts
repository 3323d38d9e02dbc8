/** Why Typebar could not start, or an operator's command not run. Called by main.ts and cli/operate. */
import { DatabaseFileError, NewerDatabaseError, StoreUnavailableError } from "@typebar/chat";
import { LogError } from "@typebar/log";
import { ConfigError } from "./config/config-error.ts";
import type { Config } from "./config/load-config.ts";

/** One sentence for what a person can put right; `undefined` for what is a bug of ours. */
export function explainStart(error: unknown, config: Config | undefined): string | undefined {
  if (error instanceof NewerDatabaseError)
    return `The database belongs to a newer Typebar: it has been through ${error.step}. Start that version, or restore the backup made before the update.`;
  if (error instanceof ConfigError) return `${error.message}.`.replace(/\.\.$/, ".");
  if (config?.shared) return explainShared(error) ?? explainPort(error, config);
  if (error instanceof DatabaseFileError || error instanceof LogError) return explainFile(error, config?.dataDir);
  return explainPort(error, config);
}

/** Also said by `typebar doctor`. */
export const clusterRefusal =
  "REDIS_URL names a Redis Cluster of several shards, each of which holds only some of the answers. Name a single Redis or Valkey.";

/** Its code for what a client may not say: PostgreSQL itself gives it to nobody who speaks its protocol. */
export function isPoolersRefusal({ cause }: StoreUnavailableError): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "08P01";
}

/** PostgreSQL's and Redis's own words may hold anything: only what kind of error it is is told. */
function explainShared(error: unknown): string | undefined {
  if (error instanceof StoreUnavailableError && isPoolersRefusal(error))
    return "What stands before PostgreSQL refuses what Typebar needs. Set PgBouncer's pool_mode to transaction or session.";
  if (error instanceof StoreUnavailableError)
    return "PostgreSQL does not answer. See that it runs, and that DATABASE_URL names it.";
  if (error instanceof LogError && error.cause instanceof LogError && error.cause.code === "unsupported")
    return clusterRefusal;
  if (error instanceof LogError)
    return "Redis does not answer, or refuses to write. See that it runs, and that REDIS_URL names it.";
  const code = error instanceof Error && "severity" in error && "code" in error ? String(error.code) : "";
  if (code.startsWith("28")) return "PostgreSQL refuses the user or the password of DATABASE_URL.";
  if (code === "3D000") return "PostgreSQL has no database of the name in DATABASE_URL. Create it first: createdb.";
  if (code === "42501")
    return "The user of DATABASE_URL may not create tables there. Give it the right, or run typebar migrate with another user.";
  return undefined;
}

function explainPort(error: unknown, config: Config | undefined): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE")
    return `Port ${config?.port} of ${config?.host} is in use. Stop what uses it, or set PORT to another.`;
  if (code === "EACCES") return `Port ${config?.port} may not be used by this user. Set PORT to one above 1023.`;
  if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND")
    return `This machine has no address ${config?.host}. Set HOST to one it has.`;
  return undefined;
}

function explainFile(error: DatabaseFileError | LogError, dataDir: string | undefined): string {
  switch (error.code) {
    case "locked":
      return `Another Typebar is using the data folder ${dataDir}. Stop it, or set TYPEBAR_DATA to another folder.`;
    case "damaged":
      return `${error.message}. Restore a backup, or move it away to start without it: docs/en/troubleshooting.md#the-database-is-damaged`;
    case "unwritable": {
      const code = error.cause instanceof Error && "code" in error.cause ? error.cause.code : undefined;
      if (code === "EEXIST" || code === "ENOTDIR")
        return `The data folder ${dataDir} cannot be made: a file has its name, or that of a folder above it. Set TYPEBAR_DATA to another folder.`;
      return `${error.message}. Give this user write permission there, or set TYPEBAR_DATA to another folder.`;
    }
    case "fenced":
    case "unavailable":
    case "unsupported":
      return `${error.message}.`;
  }
}
