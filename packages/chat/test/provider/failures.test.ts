import { inspect } from "node:util";
import { openFaultyProxy, openScriptedModel, scriptedAnswer, type ScriptFault } from "@typebar/testing";
import { describe, expect, it } from "vitest";
import {
  createAnthropicProvider,
  createGoogleProvider,
  createOpenAICompatibleProvider,
  createOpenAIProvider,
  type Provider,
} from "../../src/provider/index.ts";
import { collect, toFailure, toRequest } from "./collect.ts";
import { openWireServer, writeJson } from "./wire-server.ts";

const apiKey = "sk-our-key-0123456789";
const providers: Record<string, (url: string) => Provider> = {
  "openai-compatible": (url) => createOpenAICompatibleProvider({ name: "some", baseUrl: `${url}/v1`, apiKey }),
  openai: (url) => createOpenAIProvider({ baseUrl: `${url}/v1`, apiKey }),
  anthropic: (url) => createAnthropicProvider({ baseUrl: `${url}/v1`, apiKey }),
  google: (url) => createGoogleProvider({ baseUrl: `${url}/v1beta`, apiKey }),
};
const kinds = Object.keys(providers);

function createProvider(kind: string, url: string): Provider {
  const create = providers[kind];
  if (create === undefined) throw new Error(kind);
  return create(url);
}

const statusTable: [status: number, code: string][] = [
  [400, "provider-rejected"],
  [401, "provider-unauthorized"],
  [403, "provider-unauthorized"],
  [404, "provider-rejected"],
  [422, "provider-rejected"],
  [429, "provider-rate-limited"],
  [500, "provider-unavailable"],
  [502, "provider-unavailable"],
  [503, "provider-unavailable"],
  [529, "provider-unavailable"],
];

describe.each(kinds)("%s", (kind) => {
  it.each(statusTable)(
    "answers HTTP %i with its code, once asked, and shows no key and no upstream text",
    async (status, code) => {
      await using server = await openWireServer((response) =>
        writeJson(response, status, {
          error: { message: `Wrong key ${apiKey} at /srv/secret.py:7`, type: "x", code: null, status: "X" },
          type: "error",
        }),
      );
      const said = await collect(createProvider(kind, server.url));
      expect(said.parts).toEqual([]);
      const failure = toFailure(said.error);
      expect(failure.code).toBe(code);
      expect(failure.message).toContain(kind === "openai-compatible" ? "some" : kind);
      expect(inspect(said.error, { depth: 10 })).not.toMatch(/sk-our-key|secret|Hello\?/u);
      expect(server.requests).toHaveLength(1);
    },
  );

  it("answers a refused continuation with `continuation-unsupported`", async () => {
    await using server = await openWireServer((response) => writeJson(response, 400, { error: { message: "no" } }));
    const continuation = { rung: "prompt", keptText: "Half an " } as const;
    const said = await collect(createProvider(kind, server.url), toRequest({ continuation }));
    expect(toFailure(said.error).code).toBe("continuation-unsupported");
  });

  it("answers a web page with `provider-error`", async () => {
    await using server = await openWireServer((response) => {
      response.writeHead(200, { "Content-Type": "text/html" });
      response.end("<!doctype html><p>Sign in</p>");
    });
    expect(toFailure((await collect(createProvider(kind, server.url))).error).code).toBe("provider-error");
  });

  it("answers a refused connection with `provider-unavailable`", async () => {
    const server = await openWireServer(() => undefined);
    await server[Symbol.asyncDispose]();
    expect(toFailure((await collect(createProvider(kind, server.url))).error).code).toBe("provider-unavailable");
  });

  it("closes the socket at once when it is aborted before the first byte, and throws the signal's reason", async () => {
    const asked = Promise.withResolvers<void>();
    await using server = await openWireServer((response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.flushHeaders();
      asked.resolve();
    });
    const stop = new AbortController();
    const said = collect(createProvider(kind, server.url), toRequest({ signal: stop.signal }));
    await asked.promise;
    const reason = new Error("stopped by the reader");
    stop.abort(reason);
    expect((await said).error).toBe(reason);
    expect(await server.requests[0]?.closed).toBe("aborted");
  });

  it("asks nothing when the signal is aborted already", async () => {
    await using server = await openWireServer((response) => writeJson(response, 500, {}));
    const reason = new Error("stopped before");
    const said = await collect(createProvider(kind, server.url), toRequest({ signal: AbortSignal.abort(reason) }));
    expect(said.error).toBe(reason);
    expect(server.requests).toHaveLength(0);
  });

  it("asks nothing before the first part is wanted", async () => {
    await using server = await openWireServer((response) => writeJson(response, 500, {}));
    const parts = createProvider(kind, server.url).stream(toRequest())[Symbol.asyncIterator]();
    expect(server.requests).toHaveLength(0);
    await expect(parts.next()).rejects.toMatchObject({ code: "provider-unavailable" });
    expect(server.requests).toHaveLength(1);
  });

  it("lists no models when the list is refused, with the same codes", async () => {
    await using server = await openWireServer((response) => writeJson(response, 401, { error: { message: apiKey } }));
    const error: unknown = await createProvider(kind, server.url)
      .listModels(AbortSignal.timeout(5000))
      .catch((thrown: unknown) => thrown);
    expect(toFailure(error).code).toBe("provider-unauthorized");
    expect(toFailure(error).message).not.toContain(apiKey);
  });
});

describe("Retry-After", () => {
  it.each<[Record<string, string>, unknown, number | undefined]>([
    [{ "Retry-After": "7" }, {}, 7000],
    [{ "Retry-After": "0" }, {}, 0],
    [{ "Retry-After": "7", "retry-after-ms": "1234" }, {}, 1234],
    [{ "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT" }, {}, 0],
    [{ "Retry-After": "soon" }, {}, undefined],
    [{ "Retry-After": "-5" }, {}, undefined],
    [{}, { error: { message: "quota", details: [{ retryDelay: "34.5s" }] } }, 34_500],
    [{}, {}, undefined],
  ])("is told in milliseconds: %j %j", async (headers, body, expected) => {
    await using server = await openWireServer((response) => writeJson(response, 429, body, headers));
    const failure = toFailure((await collect(createProvider("openai-compatible", server.url))).error);
    expect([failure.code, failure.retryAfterMs]).toEqual(["provider-rate-limited", expected]);
  });

  it("counts down to a date", async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    await using server = await openWireServer((response) => writeJson(response, 503, {}, { "Retry-After": date }));
    const { retryAfterMs } = toFailure((await collect(createProvider("google", server.url))).error);
    expect(retryAfterMs).toBeGreaterThan(3_000_000);
    expect(retryAfterMs).toBeLessThanOrEqual(3_600_000);
  });
});

describe("the scripted faults", () => {
  it.each<[ScriptFault, string]>([
    ["401", "provider-unauthorized"],
    ["429", "provider-rate-limited"],
    ["500", "provider-unavailable"],
    ["html", "provider-error"],
    ["error-midstream", "provider-error"],
    ["no-end", "provider-incomplete"],
    ["empty", "provider-incomplete"],
    ["reset", "provider-unavailable"],
  ])("%s ends as %s, after a prefix of the answer and one request", async (fault, code) => {
    await using model = await openScriptedModel();
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: model.url });
    const prompt = `script:mixed:11:600 fault:${fault}`;
    const said = await collect(provider, toRequest({ model: "scripted", messages: [{ role: "user", text: prompt }] }));
    expect(toFailure(said.error).code).toBe(code);
    expect(scriptedAnswer(prompt).startsWith(said.text)).toBe(true);
    expect(said.text === "").toBe(!["error-midstream", "no-end", "reset"].includes(fault));
    expect(model.count(prompt)).toBe(1);
  });

  it.each<[ScriptFault, boolean]>([
    ["silence", true],
    ["half", false],
  ])("%s is waited for until the caller gives up", async (fault, saysNothing) => {
    await using model = await openScriptedModel();
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: model.url });
    const messages = [{ role: "user", text: `script:mixed:12:300 deltas:8 fault:${fault}` }] as const;
    const stop = new AbortController();
    const said = collect(provider, toRequest({ model: "scripted", messages: [...messages], signal: stop.signal }));
    await model.waitFor((request) => request.deltasSent === (saysNothing ? 0 : 4));
    stop.abort(new Error("given up"));
    expect((await said).error).toMatchObject({ message: "given up" });
    await model.waitFor((request) => request.outcome !== "running");
  });

  it("stops upstream in the middle of an answer, when aborted and when the loop is left", async () => {
    await using model = await openScriptedModel();
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: model.url });
    const ask = (text: string, signal?: AbortSignal): ReturnType<Provider["stream"]> =>
      provider.stream(
        toRequest({
          model: "scripted",
          messages: [{ role: "user", text }],
          ...(signal === undefined ? {} : { signal }),
        }),
      );
    const left = "script:mixed:13:900 deltas:40 hold:10";
    for await (const part of ask(left)) if (part.type === "text") break;
    await model.waitFor((request) => request.key === left && request.outcome === "aborted");

    const aborted = "script:mixed:14:900 deltas:40 hold:10";
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      for await (const part of ask(aborted, stop.signal)) if (part.type === "text") stop.abort(new Error("stopped"));
    };
    await expect(read()).rejects.toThrow("stopped");
    await model.waitFor((request) => request.key === aborted && request.outcome === "aborted");
  });

  it("ends as unavailable or incomplete wherever the connection is cut, with an exact prefix kept", async () => {
    await using model = await openScriptedModel();
    await using proxy = await openFaultyProxy({ target: { port: model.port }, seed: 3 });
    const provider = createOpenAICompatibleProvider({ name: "some", baseUrl: `${proxy.url}/v1` });
    const prompt = "script:mixed:15:400";
    for (let bytes = 50; bytes < 8000; bytes += 397) {
      for (const cut of ["fin", "rst"] as const) {
        proxy.cutAfter(bytes, cut);
        const messages = [{ role: "user", text: prompt }] as const;
        const said = await collect(provider, toRequest({ model: "scripted", messages: [...messages] }));
        expect(toFailure(said.error).code).toMatch(/^provider-(unavailable|incomplete)$/u);
        expect(scriptedAnswer(prompt).startsWith(said.text)).toBe(true);
      }
    }
  });
});
