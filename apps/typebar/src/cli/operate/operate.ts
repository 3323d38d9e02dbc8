/** The operators' commands by their names. Loaded by cli/main.ts when one is meant. */
// First: what is imported below reads the environment as it is loaded.
import "../../unset-empty.ts";
import { doctorOperation } from "./doctor.ts";
import { exportOperation } from "./export.ts";
import { importOperation } from "./import.ts";
import { migrateOperation } from "./migrate.ts";
import { type Operation, runOperation } from "./operation.ts";

const operations: readonly Operation[] = [migrateOperation, doctorOperation, exportOperation, importOperation];

/** @param name - One of theirs. */
export async function operate(name: string, argv: string[]): Promise<number> {
  const operation = operations.find((candidate) => candidate.name === name);
  if (!operation) throw new Error(`There is no operation ${name}`);
  return runOperation(operation, argv);
}
