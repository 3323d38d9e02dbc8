/** What is wrong with the configuration, in one sentence for the person who starts Typebar. Thrown by load-config.ts. */
export type ConfigErrorCode =
  | "unknown-flag"
  | "unknown-key"
  | "unreadable-file"
  | "given-twice"
  | "invalid-value"
  | "half-shared"
  | "password-needed"
  | "same-secret";

/** `message` names the variable and what it accepts, and never holds a secret. */
export class ConfigError extends Error {
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "ConfigError";
    this.code = code;
  }
}
