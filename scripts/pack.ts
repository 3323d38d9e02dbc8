/** `npm run pack -- [FOLDER]`: builds every package and packs it as it is published. `npm publish` takes the tarballs. */
import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { packPackages } from "./pack/pack-packages.ts";

const outDir = resolve(process.argv[2] ?? "dist/packages");
rmSync(outDir, { recursive: true, force: true });
for (const { tarballPath } of await packPackages(outDir)) console.log(tarballPath);
