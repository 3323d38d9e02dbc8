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
    maxConcurrency: 2,
  },
});
