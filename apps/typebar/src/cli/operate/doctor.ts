/** `typebar doctor`: looks at everything that a server needs, and says what to do about what is not as it should be. */
import type { Config } from "../../config/load-config.ts";
import { exitCodes } from "../exit-codes.ts";
import { checkDataFolder, checkMachine, checkModels } from "./check-machine.ts";
import { checkPostgres } from "./check-postgres.ts";
import { checkRedis } from "./check-redis.ts";
import type { Finding } from "./finding.ts";
import type { Operation } from "./operation.ts";

export const doctorOperation: Operation = {
  name: "doctor",
  help: [
    "looks at the machine, the stores and the models, changes nothing, and says what to do about what is not as it should be.",
    "Exit code 1 if something keeps Typebar from working.",
  ],
  async run(config) {
    const sections: [title: string, findings: Finding[]][] = [
      ["This machine", checkMachine()],
      ...(await checkStores(config)),
      ["Models", await checkModels(config)],
    ];
    for (const [title, findings] of sections) {
      console.log(title);
      for (const finding of findings) console.log(toText(finding));
    }
    const all = sections.flatMap(([, findings]) => findings);
    return all.some(({ level }) => level === "problem") ? exitCodes.failed : exitCodes.done;
  },
};

async function checkStores(config: Config): Promise<[string, Finding[]][]> {
  if (!config.shared) return [["Data", await checkDataFolder(config)]];
  const { databaseUrl, redisUrl } = config.shared;
  return [
    ["PostgreSQL", await checkPostgres(databaseUrl)],
    ["Redis", await checkRedis(redisUrl)],
  ];
}

const marks: Readonly<Record<Finding["level"], string>> = { ok: "ok", warning: "warning", problem: "PROBLEM" };

function toText({ level, text, advice }: Finding): string {
  const line = `  ${marks[level].padEnd(8)} ${text}`;
  return advice === undefined ? line : `${line}\n${" ".repeat(11)}${advice}`;
}
