import { defineConfig } from "vitest/config";

/** Also given to Node itself in the workers: "import" here would make `require` load ES modules. */
const conditions = ["typebar-source", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "testing/test/**/*.test.ts",
      "conformance/**/*.test.ts",
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
    // Browsers on a busy shared machine: a second try is printed as such, and the test is still one to look into.
    retry: process.env["CI"] ? 1 : 0,
  },
});
