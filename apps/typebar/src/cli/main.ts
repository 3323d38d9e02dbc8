/**
 * The command `typebar`: finds out which of its commands is meant. What the server needs is loaded only to start it, so
 * that a question is asked at once.
 */
import { runAsk } from "./ask/run-ask.ts";
import { exitCodes } from "./exit-codes.ts";
import { runTail } from "./tail/run-tail.ts";

const [command, ...argv] = process.argv.slice(2);
if (command === "ask") process.exit(await runAsk(argv));
else if (command === "tail") process.exit(await runTail(argv));
else if (command === undefined || command === "start" || command.startsWith("-")) await import("../main.ts");
else {
  console.error(`There is no command ${JSON.stringify(command)}. There are: start, ask, tail; typebar --help.`);
  process.exit(exitCodes.usage);
}
