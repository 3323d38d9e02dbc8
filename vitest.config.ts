import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["typebar-source", "node", "import", "default"] },
  ssr: { resolve: { conditions: ["typebar-source", "node", "import", "default"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "apps/*/test/**/*.test.ts", "testing/test/**/*.test.ts", "conformance/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
