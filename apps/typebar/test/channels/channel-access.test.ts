/** Who may follow and who may publish, over HTTP: the password, the key for publishing, and neither. */
import { openTypebarProcess, type TypebarProcess } from "@typebar/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTypebar } from "../program/run-typebar.ts";
import { codeOf, follow, publish } from "./reading.ts";

const password = "correct horse";
const key = "battery staple";
const site = "https://app.example.org";
const users = {
  nobody: {},
  stranger: { Authorization: "Bearer wrong" },
  publisher: { Authorization: `Bearer ${key}` },
  owner: { Authorization: `Bearer ${password}` },
} as const;
type User = keyof typeof users;

let typebar: TypebarProcess;
beforeAll(async () => {
  typebar = await openTypebarProcess({
    env: { TYPEBAR_PASSWORD: password, HOST: "0.0.0.0", TYPEBAR_PUBLISH_KEY: key, TYPEBAR_ORIGINS: site },
  });
});
afterAll(() => typebar[Symbol.asyncDispose]());

let addresses = 0;
/** An address that has not failed yet. */
const fromElsewhere = (): Record<string, string> => ({ "X-Forwarded-For": `198.51.100.${(addresses += 1)}` });

async function statusFor(user: User, method: string, path: string, body?: unknown): Promise<number> {
  const leaving = new AbortController();
  const response = await fetch(typebar.url + path, {
    method,
    headers: { ...users[user], ...fromElsewhere(), "Content-Type": "application/json" },
    signal: leaving.signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  leaving.abort();
  return response.status;
}

describe("with a password and a key for publishing", () => {
  test.each<[string, string, unknown, Record<User, number>]>([
    ["POST", "/api/channels/rates/events", { data: 1 }, { nobody: 401, stranger: 401, publisher: 200, owner: 200 }],
    ["POST", "/api/channels/online/events", { data: 1 }, { nobody: 401, stranger: 401, publisher: 403, owner: 403 }],
    ["GET", "/api/channels/rates/events", undefined, { nobody: 401, stranger: 401, publisher: 401, owner: 200 }],
    ["GET", "/api/channels/events?channels=a", undefined, { nobody: 401, stranger: 401, publisher: 401, owner: 200 }],
    ["GET", "/api/channels/online/events", undefined, { nobody: 401, stranger: 401, publisher: 401, owner: 200 }],
    ["PUT", "/api/channels/rates/events", { data: 1 }, { nobody: 401, stranger: 401, publisher: 401, owner: 405 }],
    ["POST", "/api/channels/a%2Fb/events", { data: 1 }, { nobody: 401, stranger: 401, publisher: 401, owner: 400 }],
    ["POST", "/api/channels/events", { data: 1 }, { nobody: 401, stranger: 401, publisher: 401, owner: 405 }],
    ["GET", "/api/conversations", undefined, { nobody: 401, stranger: 401, publisher: 401, owner: 200 }],
    ["POST", "/api/conversations", {}, { nobody: 401, stranger: 401, publisher: 401, owner: 201 }],
    ["GET", "/metrics", undefined, { nobody: 401, stranger: 401, publisher: 401, owner: 200 }],
    ["GET", "/v1/models", undefined, { nobody: 401, stranger: 401, publisher: 401, owner: 200 }],
  ])("%s %s with %j is for %j", async (method, path, body, expected) => {
    const found = await Promise.all(
      (Object.keys(users) as User[]).map(async (user) => [user, await statusFor(user, method, path, body)]),
    );
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  test("who guesses the key has to wait, and a right key forgives no failures", async () => {
    const address = fromElsewhere();
    const publishAs = async (bearer: string): Promise<number> => {
      const headers = { ...address, Authorization: `Bearer ${bearer}` };
      return (await publish(typebar, "rates", { data: 1 }, headers)).status;
    };
    const statuses: number[] = [];
    for (const bearer of ["a", key, "b", key, "c", key]) statuses.push(await publishAs(bearer));
    expect(statuses).toEqual([401, 200, 401, 200, 401, 429]);
  });

  test("a page of an allowed site may follow and publish, and reads the answers", async () => {
    const url = `${typebar.url}/api/channels/rates/events`;
    const asks = {
      Origin: site,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization",
    };
    const preflight = await fetch(url, { method: "OPTIONS", headers: asks });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, site]);
    const published = await publish(typebar, "rates", { data: 1 }, { ...users.publisher, Origin: site });
    expect([published.status, published.headers.get("access-control-allow-origin")]).toEqual([200, site]);
    const reading = await follow(typebar, "rates/events", { ...users.owner, Origin: site });
    expect(reading.response.headers.get("access-control-allow-origin")).toBe(site);
    reading.leave();
  });

  test("a page of another site publishes nothing, whatever it knows", async () => {
    const refused = await publish(
      typebar,
      "rates",
      { data: 1 },
      { ...users.publisher, Origin: "https://evil.example" },
    );
    expect([refused.status, await codeOf(refused)]).toEqual([403, "forbidden-origin"]);
  });
});

describe("without a key", () => {
  test("nothing is published by anybody", async () => {
    await using server = await openTypebarProcess({ env: { TYPEBAR_PASSWORD: password, HOST: "0.0.0.0" } });
    const refused = await publish(server, "rates", { data: 1 }, users.owner);
    expect([refused.status, await codeOf(refused)]).toEqual([403, "publishing-off"]);
    expect((await publish(server, "rates", { data: 1 })).status).toBe(401);
    expect((await publish(server, "rates", { data: 1 }, { Authorization: "Bearer undefined" })).status).toBe(401);
  });
});

describe("on loopback without a password", () => {
  test("everybody may follow; publishing is off, unless there is a key, which must then be right where one is shown", async () => {
    await using server = await openTypebarProcess();
    const refused = await publish(server, "rates", { data: 1 });
    expect([refused.status, await codeOf(refused)]).toEqual([403, "publishing-off"]);
    await using open = await openTypebarProcess({ env: { TYPEBAR_PUBLISH_KEY: key } });
    const statuses = await Promise.all(
      [users.nobody, users.publisher, users.stranger].map(
        async (headers) => (await publish(open, "rates", { data: 1 }, headers)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 401]);
  });
});

test("a key that is the password as well is refused at the start, and not told", async () => {
  const ended = await runTypebar({ TYPEBAR_PASSWORD: password, TYPEBAR_PUBLISH_KEY: password });
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/TYPEBAR_PUBLISH_KEY .* TYPEBAR_PASSWORD/u);
  expect(ended.stderr).not.toContain(password);
});
