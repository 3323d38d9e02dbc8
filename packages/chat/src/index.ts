/** The chat: the only package that knows what a conversation, a generation and a provider are. */
export { type ContinuationSetting } from "./generation/continuation.ts";
export { type GenerationLimits } from "./generation/deadline.ts";
export { createGenerations, type Generations, type GenerationsOptions } from "./generation/generations.ts";
export type { GenerationObserver, GenerationWork, WorkObserver } from "./generation/observer.ts";
export { joinNodes, type NodeLoad, type Nodes, type NodesOptions } from "./nodes/nodes.ts";
export * from "./provider/index.ts";
export { createGuideProvider } from "./guide/guide-provider.ts";
export type { ResumeResult } from "./routes/context.ts";
export { type ChatRoutesOptions, createChatRoutes } from "./routes/index.ts";
export { createTitler, type Titler, type TitlerOptions } from "./titles/titler.ts";
export { maxBodyBytes, readJson } from "./routes/body.ts";
export { problemFor } from "./routes/openai/error.ts";
export { problem, ProblemError, tooManyStreams } from "./routes/problem.ts";
export type { OnChange } from "./store/changes.ts";
export { type ChatStore, type ChatStoreOptions, openChatStore } from "./store/index.ts";
export { NewerDatabaseError } from "./store/migrations.ts";
export { DatabaseFileError, openSqliteDatabase } from "./store/sqlite.ts";
export { StoreUnavailableError } from "./store/unavailable.ts";
