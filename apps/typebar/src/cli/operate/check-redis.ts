/** What `typebar doctor` finds out about Redis or Valkey. Called by doctor.ts. */
import { createClient } from "@redis/client";
import { clusterRefusal, findRedisTrouble } from "../../store-trouble.ts";
import { type Finding, judgeClock, ok, problem, warning } from "./finding.ts";

const connectTimeoutMs = 3000;
/** Of what it may use. */
const nearlyFull = 0.8;

/** Never rejects: what went wrong is a finding. */
export async function checkRedis(url: string): Promise<Finding[]> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: connectTimeoutMs } });
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    const { text, advice } = findRedisTrouble(error);
    return [problem(text, advice)];
  }
  try {
    const info = parseInfo(await client.info());
    const sentMs = Date.now();
    const [seconds, micros] = (await client.sendCommand(["TIME"])) as unknown as [string, string];
    const clock = judgeClock("Redis", Number(seconds) * 1000 + Number(micros) / 1000, sentMs, Date.now());
    return [
      judgeVersion(info),
      clock,
      judgeRole(info),
      ...(info.get("cluster_enabled") === "1" ? [await judgeShards(client)] : []),
      judgeMemory(info),
      judgeEviction(info),
      await judgePersistence(info, client),
    ];
  } catch {
    return [problem("Redis does not answer questions about itself.", "Let the user of REDIS_URL run INFO and TIME.")];
  } finally {
    client.destroy();
  }
}

type Info = ReadonlyMap<string, string>;

function parseInfo(text: string): Info {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(":");
      return at > 0 ? [[line.slice(0, at), line.slice(at + 1)] as const] : [];
    }),
  );
}

function judgeVersion(info: Info): Finding {
  const valkey = info.get("valkey_version");
  const version = valkey ?? info.get("redis_version") ?? "";
  const name = valkey === undefined ? "Redis" : "Valkey";
  if (Number.parseInt(version, 10) >= 7) return ok(`${name} is version ${version}.`);
  return problem(`${name} is version ${version}.`, "Use 7 or later.");
}

function judgeRole(info: Info): Finding {
  if (info.get("role") === "master") return ok("It can be written to.");
  return problem("It is a replica, and cannot be written to.", "Name the primary in REDIS_URL.");
}

/** Of a Redis Cluster. */
async function judgeShards(client: { sendCommand(args: string[]): Promise<unknown> }): Promise<Finding> {
  const shards = Number(parseInfo(String(await client.sendCommand(["CLUSTER", "INFO"]))).get("cluster_size"));
  return shards > 1
    ? problem(`It is a Redis Cluster of ${shards} shards.`, clusterRefusal)
    : warning("It is a Redis Cluster of one shard.", "Add no other: servers would find only some of the answers.");
}

function judgeMemory(info: Info): Finding {
  const [used, most] = [Number(info.get("used_memory")), Number(info.get("maxmemory"))];
  if (!(most > 0)) return ok("Its memory is not limited (maxmemory 0).");
  const text = `It has used ${Math.round((used / most) * 100)} % of the memory that it may (maxmemory ${Math.ceil(most / 2 ** 20)} MB).`;
  const advice = "Raise maxmemory, or lower TYPEBAR_LOG_TTL_S; full, it takes nothing more, and questions are refused.";
  if (used >= most) return problem(text, advice);
  return used >= most * nearlyFull ? warning(text, advice) : ok(text);
}

function judgeEviction(info: Info): Finding {
  const policy = info.get("maxmemory_policy") ?? "";
  if (policy === "noeviction") return ok("It evicts nothing (maxmemory-policy noeviction).");
  if (info.get("maxmemory") === "0")
    return warning(
      `Its maxmemory-policy is ${policy}, which matters once maxmemory is set.`,
      "Set maxmemory-policy to noeviction.",
    );
  return problem(
    `Its maxmemory-policy is ${policy}: under pressure it drops answers that are being written.`,
    "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.",
  );
}

async function judgePersistence(
  info: Info,
  client: { sendCommand(args: string[]): Promise<unknown> },
): Promise<Finding> {
  if (info.get("aof_enabled") !== "1")
    return warning(
      "It keeps nothing on disk (appendonly no): when it restarts, answers that are being written begin again, and the channels' histories are gone.",
      "CONFIG SET appendonly yes, and the same in redis.conf.",
    );
  const reply = await client.sendCommand(["CONFIG", "GET", "appendfsync"]).catch(() => undefined);
  const policy = Array.isArray(reply)
    ? String(reply[1])
    : typeof reply === "object" && reply !== null
      ? String(Object.values(reply)[0])
      : "";
  if (policy === "always") return ok("It keeps every write before it answers (appendonly yes, appendfsync always).");
  if (policy === "everysec") return ok("It keeps what is older than a second (appendonly yes, appendfsync everysec).");
  return warning(
    `It keeps an append-only file, but when that reaches the disk ${policy === "" ? "could not be asked" : `is left to the system (appendfsync ${policy})`}.`,
    "Set appendfsync to always, or to everysec if the last second may go.",
  );
}
