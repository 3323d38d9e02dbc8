/**
 * Why PostgreSQL or Redis could not be used, and what to do. Their own words may hold anything, a password too: only the kind of the error
 * is told. Called by explain-start.ts and `typebar doctor`.
 */
import { StoreUnavailableError } from "@typebar/chat";

/** One sentence each. */
export interface Trouble {
  text: string;
  advice: string;
}

/** Also said by `typebar doctor`, which counts the shards. */
export const clusterRefusal = "Each of them holds only some of the answers. Name a single Redis or Valkey.";

/** @returns `undefined` for what is a bug of ours. */
export function findPostgresTrouble(error: unknown): Trouble | undefined {
  if (error instanceof StoreUnavailableError) return findSilence(error.cause);
  const code = error instanceof Error && "severity" in error ? codeOf(error) : "";
  if (code === "28P01")
    return {
      text: "PostgreSQL refuses the user or the password of DATABASE_URL.",
      advice: "Put the right ones into it; signs such as / # % are written as %2F %23 %25 there.",
    };
  if (code.startsWith("28"))
    return {
      text: "PostgreSQL does not let the user of DATABASE_URL in from here.",
      advice: "See that there is such a user, and pg_hba.conf; where TLS is asked for, add ?sslmode=verify-full.",
    };
  if (code === "3D000")
    return {
      text: "PostgreSQL has no database of the name in DATABASE_URL.",
      advice: "Create it first: createdb.",
    };
  if (code === "42501")
    return {
      text: "The user of DATABASE_URL may not create tables there, or not use those that there are.",
      advice: "Give it the right: docs/en/several-servers.md#a-user-that-may-not-make-tables.",
    };
  if (code === "53300")
    return {
      text: "PostgreSQL has no connection left.",
      advice: "Raise its max_connections: each server opens up to 10.",
    };
  return undefined;
}

/** @returns what is wrong with the way there, if nothing else is known. */
export function findRedisTrouble(error: unknown): Trouble {
  const causes = [...causesOf(error)];
  const says = (words: RegExp): boolean => causes.some(({ message }) => words.test(message));
  if (causes.some((cause) => codeOf(cause) === "unsupported"))
    return { text: "REDIS_URL names a Redis Cluster of several shards.", advice: clusterRefusal };
  if (says(/^(?:WRONGPASS|NOAUTH|ERR AUTH)/))
    return {
      text: "Redis refuses the user or the password of REDIS_URL.",
      advice: "Put the right ones into it; signs such as / # % are written as %2F %23 %25 there.",
    };
  if (says(/^NOPERM/))
    return {
      text: "The user of REDIS_URL may not do all that Typebar needs.",
      advice: "Let it use all keys, channels and commands: ACL SETUSER NAME ~* &* +@all.",
    };
  if (says(/^ERR (?:DB index|invalid DB)/))
    return { text: "Redis has no database of the number in REDIS_URL.", advice: "Leave the number out, or use 0." };
  if (says(/^OOM/))
    return {
      text: "Redis's memory is full, and it takes nothing more.",
      advice: "Raise its maxmemory, or lower TYPEBAR_LOG_TTL_S.",
    };
  if (says(/^READONLY/))
    return { text: "Redis is a replica, and cannot be written to.", advice: "Name the primary in REDIS_URL." };
  return findWayTrouble("Redis", "REDIS_URL", causes, "redis:// or rediss:// has to be as Redis listens");
}

/** Nothing of what PostgreSQL's client says itself has a code. */
function findSilence(cause: unknown): Trouble {
  const causes = [...causesOf(cause)];
  const says = (words: RegExp): boolean => causes.some(({ message }) => words.test(message));
  // A pooler's code for what a client may not say: PostgreSQL itself gives it to nobody who speaks its protocol.
  if (causes.some((error) => codeOf(error) === "08P01"))
    return {
      text: "What stands before PostgreSQL refuses what Typebar needs.",
      advice: "Set PgBouncer's pool_mode to transaction or session.",
    };
  if (says(/^SASL:.*password/))
    return { text: "PostgreSQL wants a password, and DATABASE_URL has none.", advice: "Put it there." };
  if (says(/does not support SSL/))
    return {
      text: "DATABASE_URL asks for TLS, which PostgreSQL does not speak there.",
      advice: "Take sslmode out of it, or switch PostgreSQL's ssl on.",
    };
  return findWayTrouble("PostgreSQL", "DATABASE_URL", causes);
}

function findWayTrouble(name: string, variable: string, causes: readonly Error[], also?: string): Trouble {
  const codes = causes.map((cause) => codeOf(cause));
  const certificate = codes.find((code) => /CERT|UNABLE_TO_(?:GET|VERIFY)/.test(code));
  if (certificate !== undefined)
    return {
      text: `The certificate of ${name} is not accepted (${certificate}).`,
      advice:
        "Name the file of its authority in NODE_EXTRA_CA_CERTS, and the host in the address as it stands in the certificate.",
    };
  const reason = codes.some((code) => code === "ENOTFOUND" || code === "EAI_AGAIN")
    ? `the host name in ${variable} is not known`
    : codes.includes("ECONNREFUSED")
      ? `nothing listens where ${variable} says`
      : "it does not answer";
  const checks = `See that it runs, and that ${variable} names it`;
  return {
    text: `${name} cannot be reached: ${reason}.`,
    advice: also === undefined ? `${checks}.` : `${checks}; ${also}.`,
  };
}

function* causesOf(error: unknown): Generator<Error> {
  for (let at = error; at instanceof Error; at = at.cause) yield at;
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
