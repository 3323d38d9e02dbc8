/** Where a program of the system lies. Used by what starts real servers, and by `npm test`, which installs what is missing. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Tools of administrators are not in everybody's PATH. */
const usualFolders = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"];

/** @returns the path of the first of these names that is there; `undefined` where none is. */
export function findInstalled(...names: string[]): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...usualFolders];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
