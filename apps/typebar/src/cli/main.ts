/**
 * The command `typebar`: finds out which of its commands is meant. What the server needs is loaded only to start it, so
 * that a question is asked at once.
 */
import { runAsk } from "./ask/run-ask.ts";
import { exitCodes } from "./exit-codes.ts";
import { runTail } from "./tail/run-tail.ts";

const operations = ["migrate", "doctor", "export", "import"];
const [command, ...argv] = process.argv.slice(2);
if (command === "ask") process.exit(await runAsk(argv));
else if (command === "tail") process.exit(await runTail(argv));
else if (command !== undefined && operations.includes(command)) {
  const { operate } = await import("./operate/operate.ts");
  process.exit(await operate(command, argv));
} else if (command === undefined || command === "start" || command.startsWith("-")) await import("../main.ts");
else {
  const commands = ["start", "ask", "tail", ...operations].join(", ");
  console.error(`There is no command ${JSON.stringify(command)}. There are: ${commands}; typebar --help.`);
  process.exit(exitCodes.usage);
}
