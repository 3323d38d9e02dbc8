#!/usr/bin/env node
/** `npx typebar …` in this repository, under whatever Node there is: bootstrap.mjs finds the one that runs the rest. */
process.argv.splice(2, 0, "typebar");
await import("../../../scripts/bootstrap.mjs");
