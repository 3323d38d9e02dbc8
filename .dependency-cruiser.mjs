/**
 * Who may import whom (DESIGN: "Packages and who may import whom"). Read by scripts/check/boundaries.ts and by editors.
 * Every rule holds in the same way under scripts/fixtures/boundary-violations, where each is broken once on purpose.
 */
const root = "^(?:scripts/fixtures/boundary-violations/)?";

/** A package, a program, or one of the folders that stand beside them. */
const part = "packages/[^/]+|apps/[^/]+|testing|conformance|bench|examples";

/** What each package may import of ours, beside itself. */
const mayImport = {
  sse: [],
  client: ["sse"],
  "ai-sdk": ["client"],
  log: [],
  server: ["sse", "log"],
  chat: ["log", "server"],
};

const packageRules = Object.entries(mayImport).map(([name, allowed]) => ({
  name: `${name}-imports-${allowed.length === 0 ? "nothing-of-ours" : `only-${allowed.join("-and-")}`}`,
  comment: `packages/${name} may import ${allowed.length === 0 ? "no other package" : `only ${allowed.join(" and ")}`}.`,
  severity: "error",
  from: { path: `${root}packages/${name}/src/` },
  to: { path: `${root}packages/(?!(?:${[name, ...allowed].join("|")})/)` },
}));

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...packageRules,
    {
      name: "protocol-imports-nothing",
      comment: "The types of the wire are for any browser: they import nothing at all.",
      severity: "error",
      from: { path: `${root}packages/chat/src/protocol\\.ts$` },
      to: { path: "." },
    },
    {
      name: "chat-client-imports-only-client-and-protocol",
      comment: "The chat client knows the server only by its wire.",
      severity: "error",
      from: { path: `${root}packages/chat-client/src/` },
      to: {
        path: `${root}packages/`,
        pathNot: [`${root}packages/(?:chat-client|client)/`, `${root}packages/chat/src/protocol\\.ts$`],
      },
    },
    {
      name: "frameworks-only-in-their-hooks",
      comment: "The chat client belongs to no framework; each is imported in the folder that is named after it.",
      severity: "error",
      from: { path: `${root}packages/chat-client/src/`, pathNot: `${root}packages/chat-client/src/(?:vue|react)/` },
      to: { path: "node_modules/(?:@vue|vue|react|react-dom)/" },
    },
    {
      name: "web-imports-only-chat-client",
      comment: "The page talks to the server as any other page can.",
      severity: "error",
      from: { path: `${root}apps/web/src/` },
      to: { path: `${root}packages/`, pathNot: `${root}packages/chat-client/` },
    },
    {
      name: "nothing-imports-apps",
      comment: "A program is the end of the line: not even another program imports it.",
      severity: "error",
      from: { path: `${root}(${part})/` },
      to: { path: `${root}apps/`, pathNot: `${root}$1/` },
    },
    {
      name: "no-reaching-into-packages",
      comment: "Other packages are imported by their name, so only what they export can be.",
      severity: "error",
      from: { path: `${root}(${part})/` },
      to: {
        path: `${root}packages/`,
        pathNot: `${root}$1/`,
        dependencyTypes: ["local"],
        dependencyTypesNot: ["localmodule", "aliased"],
      },
    },
    {
      name: "drivers-import-no-driver",
      comment: "Each driver stands alone beside the interface.",
      severity: "error",
      from: { path: `${root}(packages/[^/]+/src/drivers)/([^/]+)/` },
      to: { path: `${root}$1/`, pathNot: `${root}$1/$2/` },
    },
    {
      name: "ai-sdk-only-in-provider",
      comment: "What answers come from is known in one folder; the transport for the AI SDK is another matter.",
      severity: "error",
      from: {
        path: `${root}(?:packages|apps)/[^/]+/src/`,
        pathNot: `${root}packages/(?:chat/src/provider|ai-sdk/src)/`,
      },
      to: { path: "node_modules/(?:@ai-sdk|ai)/" },
    },
    {
      name: "sources-import-no-tests",
      comment: "What is only for tests (testing/, test/, conformance/, bench/) is not part of the product.",
      severity: "error",
      from: { path: `${root}(?:packages|apps)/[^/]+/src/` },
      to: {
        path: [
          `${root}(?:testing|conformance|bench|examples)/`,
          `${root}(?:packages|apps)/[^/]+/test/`,
          "^scripts/(?!fixtures/)",
        ],
      },
    },
    {
      name: "browser-code-needs-no-node",
      comment: "The codec, the clients and the page run in a browser.",
      severity: "error",
      from: { path: `${root}(?:packages/(?:sse|client|ai-sdk|chat-client)|apps/web)/src/` },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      comment: "Files that need each other are one file, or lack a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "everything-resolves",
      comment: "An import that is not found could hide a forbidden one.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(?:packages|apps)/[^/]+/dist/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["typebar-source", "import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
