/** Why Typebar could not start, or an operator's command not run. Called by main.ts and cli/operate. */
import { DatabaseFileError, NewerDatabaseError } from "@typebar/chat";
import { LogError } from "@typebar/log";
import { ConfigError } from "./config/config-error.ts";
import type { Config } from "./config/load-config.ts";
import { findPostgresTrouble, findRedisTrouble } from "./store-trouble.ts";

/** One sentence for what a person can put right; `undefined` for what is a bug of ours. */
export function explainStart(error: unknown, config: Config | undefined): string | undefined {
  if (error instanceof NewerDatabaseError)
    return `The database belongs to a newer Typebar: it has been through ${error.step}. Start that version, or restore the backup made before the update.`;
  if (error instanceof ConfigError) return `${error.message}.`.replace(/\.\.$/, ".");
  if (config?.shared) return explainShared(error) ?? explainPort(error, config);
  if (error instanceof DatabaseFileError || error instanceof LogError) return explainFile(error, config?.dataDir);
  return explainPort(error, config);
}

function explainShared(error: unknown): string | undefined {
  const trouble = error instanceof LogError ? findRedisTrouble(error) : findPostgresTrouble(error);
  return trouble && `${trouble.text} ${trouble.advice}`;
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
