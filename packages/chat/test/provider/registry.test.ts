import { describe, expect, it } from "vitest";
import {
  createConfiguredProviders,
  createProviderRegistry,
  discoverLoopbackProviders,
  type Provider,
  type ProviderConfig,
  ProviderError,
} from "../../src/provider/index.ts";
import { openWireServer, writeJson } from "./wire-server.ts";

interface FakeProvider extends Provider {
  lists: number;
}

async function* saysNothing(): AsyncGenerator<never> {}

function namesOf(config: ProviderConfig): string[] {
  return createConfiguredProviders(config).map((provider) => provider.name);
}

function createFake(name: string, models: string[] | ProviderError): FakeProvider {
  const fake: FakeProvider = {
    name,
    lists: 0,
    continuations: [],
    listModels: async () => {
      fake.lists += 1;
      if (models instanceof ProviderError) throw models;
      return models.map((id) => ({ id: `${name}/${id}`, name: id, provider: name, kind: "language-model" as const }));
    },
    stream: saysNothing,
  };
  return fake;
}

const signal = new AbortController().signal;
const down = new ProviderError("provider-unavailable", "down");

describe("the registry", () => {
  it("lists the models of all providers in their order, the first as the default", async () => {
    const registry = createProviderRegistry({ providers: [createFake("a", ["x", "y"]), createFake("b", ["x"])] });
    const list = await registry.list(signal);
    expect(list.models.map((model) => model.id)).toEqual(["a/x", "a/y", "b/x"]);
    expect(list.default).toBe("a/x");
  });

  it("lists the others when one fails, and asks it again sooner than those", async () => {
    let nowMs = 0;
    const failing = createFake("a", down);
    const working = createFake("b", ["x"]);
    const registry = createProviderRegistry({ providers: [failing, working], now: () => nowMs });
    expect((await registry.list(signal)).models.map((model) => model.id)).toEqual(["b/x"]);
    nowMs = 4000;
    await registry.list(signal);
    expect([failing.lists, working.lists]).toEqual([1, 1]);
    nowMs = 6000;
    await registry.list(signal);
    expect([failing.lists, working.lists]).toEqual([2, 1]);
    nowMs = 61_000;
    await registry.list(signal);
    expect([failing.lists, working.lists]).toEqual([3, 2]);
  });

  it("does not put the guide in the place of a model that is away", async () => {
    const guide = createFake("typebar", ["guide"]);
    const listed = guide.listModels;
    guide.listModels = async (signal) =>
      (await listed(signal)).map((model) => Object.assign(model, { kind: "guide" as const }));
    const away = createProviderRegistry({ providers: [createFake("a", down), guide] });
    expect(await away.list(signal)).toMatchObject({ default: "", models: [{ id: "typebar/guide" }] });
    const alone = createProviderRegistry({ providers: [guide] });
    expect(await alone.list(signal)).toMatchObject({ default: "typebar/guide" });
  });

  it("shows a provider as it was last seen while it fails", async () => {
    let nowMs = 0;
    const answers: (string[] | ProviderError)[] = [["x"], down];
    const provider = createFake("a", []);
    provider.listModels = async (asked) => createFake("a", answers.shift() ?? down).listModels(asked);
    const registry = createProviderRegistry({ providers: [provider], now: () => nowMs });
    await registry.list(signal);
    nowMs = 61_000;
    expect((await registry.list(signal)).models.map((model) => model.id)).toEqual(["a/x"]);
    nowMs = 70_000;
    expect((await registry.list(signal)).models.map((model) => model.id)).toEqual(["a/x"]);
  });

  it("asks each provider once, however many ask at the same time", async () => {
    const provider = createFake("a", ["x"]);
    const registry = createProviderRegistry({ providers: [provider] });
    await Promise.all([registry.list(signal), registry.list(signal), registry.list(signal)]);
    expect(provider.lists).toBe(1);
  });

  it("lets one caller go without taking the list from the others", async () => {
    const gate = Promise.withResolvers<void>();
    const provider = createFake("a", ["x"]);
    const { listModels } = provider;
    provider.listModels = async (asked) => gate.promise.then(async () => listModels(asked));
    const registry = createProviderRegistry({ providers: [provider] });
    const stop = new AbortController();
    const first = registry.list(stop.signal);
    const second = registry.list(signal);
    stop.abort(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    gate.resolve();
    expect((await second).models).toHaveLength(1);
  });

  it.each([
    ["a/x", "a", "x"],
    ["a/not-listed", "a", "not-listed"],
    ["a/meta-llama/Llama-3:8b", "a", "meta-llama/Llama-3:8b"],
    ["b/qwen3:4b", "b", "qwen3:4b"],
  ])("resolves %s", (id, name, model) => {
    const registry = createProviderRegistry({ providers: [createFake("a", ["x"]), createFake("b", [])] });
    const resolved = registry.resolve(id);
    expect([resolved?.provider.name, resolved?.model]).toEqual([name, model]);
  });

  it.each(["", "x", "/x", "a/", "c/x", "A/x", "__proto__/x"])("resolves no model named %j", (id) => {
    expect(createProviderRegistry({ providers: [createFake("a", ["x"])] }).resolve(id)).toBeUndefined();
  });

  it.each([
    ["b/x", "b/x"],
    ["x", "a/x"],
    ["meta-llama/Llama-3:8b", "a/meta-llama/Llama-3:8b"],
  ])("takes %s of the configuration as the default %s, and lists it", async (defaultModel, expected) => {
    const providers = [createFake("a", ["z"]), createFake("b", ["y"])];
    const list = await createProviderRegistry({ providers, defaultModel }).list(signal);
    expect(list.default).toBe(expected);
    expect(list.models.map((model) => model.id)).toContain(expected);
  });
});

describe("discovery on loopback", () => {
  it("finds the servers that list a chat model, and leaves alone whatever else listens", async () => {
    await using ollama = await openWireServer((response) =>
      writeJson(response, 200, {
        object: "list",
        data: [
          { id: "nomic-embed-text:latest", object: "model", owned_by: "library" },
          { id: "qwen3:4b", object: "model", owned_by: "library" },
        ],
      }),
    );
    await using empty = await openWireServer((response) => writeJson(response, 200, { object: "list", data: null }));
    await using embedder = await openWireServer((response) => writeJson(response, 200, { data: [{ id: "bge-m3" }] }));
    await using page = await openWireServer((response) => {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end("<p>somebody's app</p>");
    });
    await using secured = await openWireServer((response) => writeJson(response, 401, {}));
    await using redirecting = await openWireServer((response) => {
      response.writeHead(302, { Location: `${ollama.url}/v1/models` });
      response.end();
    });
    await using silent = await openWireServer(() => undefined);
    await using endless = await openWireServer((response) => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.write("[");
    });
    const closed = await openWireServer(() => undefined);
    await closed[Symbol.asyncDispose]();
    await using vllm = await openWireServer((response) => writeJson(response, 200, { data: [{ id: "org/model" }] }));

    const servers = { closed, empty, embedder, page, secured, redirecting, silent, endless, vllm, ollama };
    const ports = Object.entries(servers).map(([name, { port }]) => ({ name, port }));
    const found = await discoverLoopbackProviders({ ports, timeoutMs: 400 });
    expect(found.map((provider) => provider.name)).toEqual(["vllm", "ollama"]);

    const list = await createProviderRegistry({ providers: found.toReversed() }).list(signal);
    expect(list.default).toBe("ollama/qwen3:4b");
    expect(list.models.map((model) => model.id)).toEqual(["ollama/qwen3:4b", "vllm/org/model"]);
    expect(await silent.requests[0]?.closed).toBe("aborted");
    expect(await endless.requests[0]?.closed).toBe("aborted");
  });
});

describe("providers from the configuration", () => {
  it.each([
    [{}, []],
    [{ openaiApiKey: "k" }, ["openai"]],
    [{ openaiApiKey: "k", openaiBaseUrl: "https://api.openai.com/v1" }, ["openai"]],
    [{ openaiBaseUrl: "http://192.168.1.7:9000/v1" }, ["openai-compatible"]],
    [{ openaiApiKey: "k", openaiBaseUrl: "https://api.deepseek.com" }, ["deepseek"]],
    [{ openaiApiKey: "k", openaiBaseUrl: "https://dashscope.aliyuncs.com/compatible-mode/v1" }, ["qwen"]],
    [{ openaiApiKey: "k", openaiBaseUrl: "https://openrouter.ai/api/v1" }, ["openrouter"]],
    [{ openaiApiKey: "k", openaiBaseUrl: "https://deepseek.com.example.net/v1" }, ["openai-compatible"]],
    [{ googleApiKey: "k", anthropicApiKey: "k", openaiApiKey: "k" }, ["openai", "anthropic", "google"]],
  ])("%j gives %j", (config, names) => {
    expect(namesOf(config)).toEqual(names);
  });

  it.each(["localhost:1234/v1", "file:///etc/passwd", "not a url", ""])("refuses the base URL %j", (openaiBaseUrl) => {
    expect(() => namesOf({ openaiBaseUrl })).toThrow("OPENAI_BASE_URL is no http or https URL");
  });

  it("lists Anthropic's and Google's models by their names, a suited one first", async () => {
    await using server = await openWireServer((response, request) => {
      if (request.path.startsWith("/v1/models")) {
        const data = ["claude-opus-9", "claude-sonnet-9"].map((id) => ({
          type: "model",
          id,
          display_name: id.toUpperCase(),
        }));
        writeJson(response, 200, { data, has_more: false });
      } else {
        const generates = { supportedGenerationMethods: ["generateContent", "countTokens"] };
        const models = [
          { name: "models/gemini-2.5-flash", displayName: "Gemini 2.5 Flash", ...generates },
          { name: "models/gemini-9-pro", displayName: "Gemini 9 Pro", ...generates },
          { name: "models/gemini-9-flash", displayName: "Gemini 9 Flash", ...generates },
          { name: "models/text-embedding-004", supportedGenerationMethods: ["embedContent"] },
        ];
        writeJson(response, 200, { models });
      }
    });
    const redirect: typeof fetch = async (url, init) => {
      const { pathname, search } = new URL(new Request(url).url);
      return fetch(server.url + pathname + search, init);
    };
    const providers = createConfiguredProviders({ anthropicApiKey: "key-a", googleApiKey: "key-g", fetch: redirect });
    const { models } = await createProviderRegistry({ providers }).list(signal);
    expect(models.map((model) => [model.id, model.name])).toEqual([
      ["anthropic/claude-sonnet-9", "CLAUDE-SONNET-9"],
      ["anthropic/claude-opus-9", "CLAUDE-OPUS-9"],
      ["google/gemini-9-flash", "Gemini 9 Flash"],
      ["google/gemini-9-pro", "Gemini 9 Pro"],
      ["google/gemini-2.5-flash", "Gemini 2.5 Flash"],
    ]);
    const sent = server.requests.map(({ headers }) => headers["x-api-key"] ?? headers["x-goog-api-key"]);
    expect(new Set(sent)).toEqual(new Set(["key-a", "key-g"]));
  });
});
