export * from "./faulty-proxy.ts";
export * from "./random.ts";
export * from "./scripted-answer.ts";
export * from "./scripted-model.ts";
export * from "./postgres.ts";
export * from "./typebar-process.ts";
export * from "./chromium.ts";
export * from "./seed.ts";
