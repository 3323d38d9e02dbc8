import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/config-error.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Config } from "../../src/config/load-config.ts";
import { variableNames } from "../../src/config/variables.ts";

interface Given {
  argv?: string[];
  env?: Record<string, string>;
  files?: Record<string, string>;
}

function load({ argv = [], env = {}, files = {} }: Given): ReturnType<typeof loadConfig> {
  return loadConfig({
    argv,
    env,
    readFile: (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error("no such file"), { code: "ENOENT" });
      return text;
    },
  });
}

function configOf(given: Given): Config {
  const loaded = load(given);
  if (loaded.type !== "run") throw new Error(`expected a configuration, got ${loaded.type}`);
  return loaded.config;
}

function complaintOf(given: Given): { code: string; message: string } {
  try {
    load(given);
  } catch (error) {
    if (error instanceof ConfigError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("expected a complaint");
}

describe("configuration", () => {
  test("needs nothing", () => {
    expect(configOf({})).toEqual({
      host: "127.0.0.1",
      port: 8787,
      dataDir: "./data",
      shared: undefined,
      model: undefined,
      openaiBaseUrl: undefined,
      openaiApiKey: undefined,
      anthropicApiKey: undefined,
      googleApiKey: undefined,
      discoverPorts: [11_434, 1234, 8080, 8000],
      publicUrl: undefined,
      password: undefined,
      publishKey: undefined,
      streamsPerAddress: Infinity,
      proxies: [],
      origins: [],
      imageModels: [],
      titles: "model",
      continuation: "auto",
      firstTokenMs: 60_000,
      silenceMs: 60_000,
      totalMs: 900_000,
      graceMs: 10_000,
      attempts: 3,
      logTtlSeconds: 86_400,
      logLevel: undefined,
    });
  });

  test("takes a flag over the environment over typebar.json", () => {
    const files = {
      "typebar.json": `{"PORT": 1, "TYPEBAR_ATTEMPTS": 7, "TYPEBAR_ORIGINS": ["http://a.example", "https://b.example:8443"]}`,
    };
    expect(configOf({ files }).port).toBe(1);
    expect(configOf({ files, env: { PORT: "2" } }).port).toBe(2);
    expect(configOf({ files, env: { PORT: "2" }, argv: ["--port", "3"] }).port).toBe(3);
    expect(configOf({ files, env: { PORT: "2" } })).toMatchObject({
      attempts: 7,
      origins: ["http://a.example", "https://b.example:8443"],
    });
  });

  test("reads a value from the file that NAME_FILE names, in each of the three ways, without its last line end", () => {
    const files = { "/run/secret": "open sesame\n", "typebar.json": `{"TYPEBAR_PASSWORD_FILE": "/run/secret"}` };
    expect(configOf({ files }).password).toBe("open sesame");
    expect(
      configOf({ files: { "/run/secret": "open sesame" }, env: { TYPEBAR_PASSWORD_FILE: "/run/secret" } }).password,
    ).toBe("open sesame");
    expect(configOf({ files: { k: "sk-1\r\n" }, argv: ["--openai-api-key-file", "k"] }).openaiApiKey).toBe("sk-1");
  });

  test("takes an empty variable as not set, but an empty list as a list", () => {
    const config = configOf({
      env: { PORT: "", TYPEBAR_PASSWORD: "", OPENAI_API_KEY: "", TYPEBAR_DISCOVER_PORTS: "" },
    });
    expect(config).toMatchObject({ port: 8787, password: undefined, openaiApiKey: undefined, discoverPorts: [] });
  });

  test("limits the streams of an address where there is a password, unless it is told otherwise", () => {
    const limitWith = (env: Record<string, string>): number => configOf({ env }).streamsPerAddress;
    expect(limitWith({ TYPEBAR_PASSWORD: "x" })).toBe(32);
    expect(limitWith({ TYPEBAR_PASSWORD: "x", TYPEBAR_STREAMS_PER_ADDRESS: "500" })).toBe(500);
    expect(limitWith({ TYPEBAR_PASSWORD: "x", TYPEBAR_STREAMS_PER_ADDRESS: "0" })).toBe(Infinity);
    expect(limitWith({ TYPEBAR_STREAMS_PER_ADDRESS: "5" })).toBe(5);
  });

  test("does not take the password as the key for publishing: it would open everything", () => {
    const complaint = complaintOf({ env: { TYPEBAR_PASSWORD: "sesame", TYPEBAR_PUBLISH_KEY: "sesame" } });
    expect(complaint.code).toBe("same-secret");
    expect(complaint.message).not.toContain("sesame");
    expect(configOf({ env: { TYPEBAR_PUBLISH_KEY: "sesame" } }).publishKey).toBe("sesame");
  });

  test("has a flag for every variable, and tells of all in --help", () => {
    const loaded = load({ argv: ["--help"] });
    if (loaded.type !== "help") throw new Error("expected the help");
    for (const name of variableNames) expect(loaded.text).toContain(`(${name})`);
    expect(loaded.text).toContain("--first-token-ms (TYPEBAR_FIRST_TOKEN_MS)");
    expect(load({ argv: ["--version"] })).toEqual({ type: "version" });
  });

  test.each([
    [{ HOST: "0.0.0.0" }],
    [{ HOST: "::" }],
    [{ HOST: "192.168.1.5" }],
    [{ HOST: "chat.example.org" }],
    [{ HOST: "127.0.0.1.example.org" }],
    [{ HOST: "0.0.0.0", TYPEBAR_PASSWORD: "" }],
  ])("refuses %j, which others can reach, without a password", (env) => {
    expect(complaintOf({ env })).toMatchObject({
      code: "password-needed",
      message: expect.stringContaining("TYPEBAR_PASSWORD"),
    });
    expect(configOf({ env: { ...env, TYPEBAR_PASSWORD: "open sesame" } }).host).toBe(env.HOST);
  });

  test.each(["127.0.0.1", "127.8.8.8", "localhost", "::1"])("listens on %s without a password", (host) => {
    expect(configOf({ env: { HOST: host } }).host).toBe(host);
  });

  test.each([
    [{ PORT: "http" }, `PORT is "http"; it must be a whole number from 0 to 65535.`],
    [{ PORT: "65536" }, `PORT is "65536"; it must be a whole number from 0 to 65535.`],
    [{ PORT: "80.5" }, `PORT is "80.5"; it must be a whole number from 0 to 65535.`],
    [{ HOST: "http://localhost" }, `HOST is "http://localhost"; it must be a host name or an IP address.`],
    [{ TYPEBAR_MODEL: "gpt 5" }, /^TYPEBAR_MODEL is "gpt 5"; it must be of the form provider\/model/],
    [{ TYPEBAR_TITLES: "none" }, `TYPEBAR_TITLES is "none"; it must be model or words.`],
    [{ TYPEBAR_CONTINUATION: "always" }, `TYPEBAR_CONTINUATION is "always"; it must be auto, prefill, prompt or none.`],
    [
      { TYPEBAR_SILENCE_MS: "2147483648" },
      `TYPEBAR_SILENCE_MS is "2147483648"; it must be a whole number of milliseconds from 1 to 2147483647.`,
    ],
    [
      { TYPEBAR_ORIGINS: "https://a.example,*" },
      `TYPEBAR_ORIGINS is "https://a.example,*"; it must be origins with commas between, such as https://app.example.org.`,
    ],
    [{ TYPEBAR_PROXIES: "10.0.0.0/8,balancer" }, /^TYPEBAR_PROXIES is .* must be IP addresses or networks/],
    [{ TYPEBAR_PROXIES: "10.0.0.0/33" }, /^TYPEBAR_PROXIES is .* must be IP addresses or networks/],
    [{ TYPEBAR_ORIGINS: "https://a.example/path" }, /^TYPEBAR_ORIGINS is .* must be origins/],
    [{ PUBLIC_URL: "https://a.example/chat" }, /^PUBLIC_URL is .* must be an http or https address without a path/],
    [{ OPENAI_BASE_URL: "file:///etc/passwd" }, /^OPENAI_BASE_URL is .* must be an http or https address/],
    [{ TYPEBAR_LOG_LEVEL: "trace" }, `TYPEBAR_LOG_LEVEL is "trace"; it must be silent, error, warn, info or debug.`],
    [{ TYPEBAR_DISCOVER_PORTS: "0" }, /^TYPEBAR_DISCOVER_PORTS is "0"; it must be ports/],
  ])("complains of %j in one sentence", (env, sentence) => {
    expect(complaintOf({ env })).toEqual({
      code: "invalid-value",
      message: expect.stringMatching(sentence instanceof RegExp ? sentence : escape(sentence)),
    });
  });

  test("names a value as the person named it", () => {
    expect(complaintOf({ argv: ["--port=x"] }).message).toMatch(/^--port is "x";/);
    expect(complaintOf({ files: { "typebar.json": `{"PORT": -1}` } }).message).toMatch(
      /^PORT in typebar\.json is "-1";/,
    );
    expect(complaintOf({ files: { p: "x" }, env: { PORT_FILE: "p" } }).message).toMatch(/^PORT_FILE is "x";/);
  });

  test("never shows a secret", () => {
    for (const name of ["TYPEBAR_PASSWORD", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"]) {
      const { message } = complaintOf({ env: { [name]: "hush\u0007hush" } });
      expect(message).toContain(name);
      expect(message).not.toContain("hush");
    }
    expect(complaintOf({ argv: ["--pasword=hush"] }).message).not.toContain("hush");
    expect(complaintOf({ argv: ["--password", "a", "hush"] }).message).not.toContain("hush");
  });

  test("says so where a secret's file is missing or empty", () => {
    expect(complaintOf({ env: { TYPEBAR_PASSWORD_FILE: "gone" } })).toMatchObject({
      code: "unreadable-file",
      message: expect.stringContaining("TYPEBAR_PASSWORD_FILE"),
    });
    expect(complaintOf({ env: { TYPEBAR_PASSWORD_FILE: "f" }, files: { f: "\n" } })).toMatchObject({
      code: "invalid-value",
    });
  });

  test("refuses what it does not know, or what is named twice in one place", () => {
    expect(complaintOf({ argv: ["--prot", "1"] })).toEqual({
      code: "unknown-flag",
      message: "There is no flag --prot; --help lists what there is.",
    });
    expect(complaintOf({ argv: ["--port"] }).code).toBe("unknown-flag");
    expect(complaintOf({ argv: ["serve"] }).code).toBe("unknown-flag");
    expect(complaintOf({ files: { "typebar.json": `{"port": 1}` } })).toMatchObject({
      code: "unknown-key",
      message: expect.stringContaining(`"port"`),
    });
    expect(complaintOf({ files: { "typebar.json": `{"PORT": 1` } }).code).toBe("unreadable-file");
    expect(complaintOf({ files: { "typebar.json": `[]` } }).code).toBe("unreadable-file");
    expect(complaintOf({ env: { PORT: "1", PORT_FILE: "p" }, files: { p: "2" } }).code).toBe("given-twice");
  });

  test("takes PostgreSQL and Redis together, and neither alone", () => {
    const urls = { DATABASE_URL: "postgresql://ann:secret@db/chat", REDIS_URL: "redis://:secret@cache:6379" };
    expect(configOf({ env: urls }).shared).toEqual({ databaseUrl: urls.DATABASE_URL, redisUrl: urls.REDIS_URL });
    for (const [name, url] of Object.entries(urls)) {
      const complaint = complaintOf({ env: { [name]: url } });
      expect(complaint).toMatchObject({ code: "half-shared", message: expect.stringContaining(name) });
      expect(complaint.message).not.toContain("secret");
    }
  });

  test.each([
    ["DATABASE_URL", "mysql://ann:secret@db/chat"],
    ["REDIS_URL", "http://:secret@cache"],
  ])("says what %s must be, and not what it was", (name, url) => {
    const complaint = complaintOf({ env: { [name]: url } });
    expect(complaint).toMatchObject({ code: "invalid-value", message: expect.stringContaining(name) });
    expect(complaint.message).not.toContain("secret");
  });
});

function escape(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(/[^\w ]/g, String.raw`\$&`)}$`);
}
