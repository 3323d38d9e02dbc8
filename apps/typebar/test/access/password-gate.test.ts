import { describe, expect, test } from "vitest";
import { createOwnAttempts, type OwnAttempts } from "../../src/access/own-attempts.ts";
import { createPasswordGate } from "../../src/access/password-gate.ts";
import type { PasswordGate } from "../../src/access/password-gate.ts";
import { sessionSeconds } from "../../src/access/session.ts";

const password = "open sesame";
const address = "203.0.113.7";

interface Clock {
  nowMs: number;
  /** @defaultValue the same as `nowMs` */
  steadyMs?: number;
}

function createGate(clock: Clock, options: { password?: string; isHttps?: boolean } = {}): Promise<PasswordGate> {
  return createPasswordGate({
    password: options.password ?? password,
    isHttps: options.isHttps ?? false,
    now: () => clock.nowMs,
    attempts: createOwnAttempts({ now: () => clock.steadyMs ?? clock.nowMs }),
  });
}

function toCookie(setCookie: string): { cookie: string } {
  return { cookie: `theme=dark; ${setCookie.split(";")[0]}; other=1` };
}

describe("password gate", () => {
  test("lets in by bearer, by token header and by cookie", async () => {
    const gate = await createGate({ nowMs: 0 });
    expect(await gate.check({ authorization: `Bearer ${password}` }, address)).toEqual({ type: "allowed" });
    expect(await gate.check({ authorization: `bearer  ${password}` }, address)).toEqual({ type: "allowed" });
    expect(await gate.check({ token: password }, address)).toEqual({ type: "allowed" });
    expect(await gate.check(toCookie(gate.signInCookie()), address)).toEqual({ type: "allowed" });
  });

  test("lets in by a password of any script, as the bytes that programs send", async () => {
    const gate = await createGate({ nowMs: 0 }, { password: "芝麻开门 🚪" });
    const asNodeReadsIt = Buffer.from("芝麻开门 🚪").toString("latin1");
    expect((await gate.check({ authorization: `Bearer ${asNodeReadsIt}` }, address)).type).toBe("allowed");
    expect((await gate.tryPassword("芝麻开门 🚪", address)).type).toBe("allowed");
  });

  test.each([
    {},
    { authorization: "Bearer open sesam" },
    { authorization: "Bearer open sesame!" },
    { authorization: "Basic b3BlbiBzZXNhbWU=" },
    { authorization: password },
    { token: "" },
    { cookie: "typebar-session=" },
    { cookie: "typebar-session=99999999999.AAAA" },
    { cookie: `typebar-session=${password}` },
  ])("keeps out %j", async (headers) => {
    const gate = await createGate({ nowMs: 0 });
    expect((await gate.check(headers, address)).type).toBe("unauthorized");
  });

  test("a session outlives a restart", async () => {
    const before = await createGate({ nowMs: 0 });
    const after = await createGate({ nowMs: 1000 });
    expect((await after.check(toCookie(before.signInCookie()), address)).type).toBe("allowed");
  });

  test("a session dies with a changed password", async () => {
    const before = await createGate({ nowMs: 0 });
    const after = await createGate({ nowMs: 0 }, { password: "another" });
    expect((await after.check(toCookie(before.signInCookie()), address)).type).toBe("unauthorized");
  });

  test("a session ends after 30 days, and its date cannot be changed", async () => {
    const clock = { nowMs: 0 };
    const gate = await createGate(clock);
    const signIn = gate.signInCookie();
    clock.nowMs = sessionSeconds * 1000 - 1;
    expect((await gate.check(toCookie(signIn), address)).type).toBe("allowed");
    clock.nowMs = sessionSeconds * 1000;
    expect((await gate.check(toCookie(signIn), address)).type).toBe("unauthorized");
    const prolonged = signIn.replace(`=${sessionSeconds}.`, `=${sessionSeconds * 2}.`);
    expect(prolonged).not.toBe(signIn);
    expect((await gate.check(toCookie(prolonged), address)).type).toBe("unauthorized");
  });

  test("the cookie is out of reach of scripts and other sites, and of plain http where there is https", async () => {
    const plain = (await createGate({ nowMs: 0 })).signInCookie();
    expect(plain).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const secure = (await createGate({ nowMs: 0 }, { isHttps: true })).signInCookie();
    expect(secure).toMatch(/^__Host-typebar-session=.*; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
    expect((await createGate({ nowMs: 0 })).signOutCookie()).toMatch(/^typebar-session=; Max-Age=0; /);
  });

  test("makes whoever guesses wait longer each time, even with the right password", async () => {
    const clock = { nowMs: 0 };
    const gate = await createGate(clock);
    await gate.tryPassword("guess", address);
    await gate.tryPassword("guess", address);
    const waits: number[] = [];
    for (let failure = 0; failure < 6; failure++) {
      expect((await gate.tryPassword("guess", address)).type).toBe("unauthorized");
      const blocked = await gate.tryPassword(password, address);
      if (blocked.type !== "too-many-attempts") throw new Error(`expected a wait, got ${blocked.type}`);
      waits.push(blocked.retryAfterSeconds);
      clock.nowMs += blocked.retryAfterSeconds * 1000;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32]);
    expect((await gate.tryPassword(password, address)).type).toBe("allowed");
  });

  test("does not let an attacker lock out another address or a signed-in browser", async () => {
    const gate = await createGate({ nowMs: 0 });
    for (let failure = 0; failure < 20; failure++) await gate.tryPassword("guess", address);
    expect((await gate.tryPassword(password, address)).type).toBe("too-many-attempts");
    expect((await gate.tryPassword(password, "203.0.113.8")).type).toBe("allowed");
    expect((await gate.check(toCookie(gate.signInCookie()), address)).type).toBe("allowed");
  });

  test("does not make anybody wait longer because the wall clock was put back", async () => {
    const clock = { nowMs: 86_400_000, steadyMs: 0 };
    const gate = await createGate(clock);
    for (let failure = 0; failure < 3; failure++) await gate.tryPassword("guess", address);
    expect(await gate.tryPassword(password, address)).toEqual({ type: "too-many-attempts", retryAfterSeconds: 1 });
    clock.nowMs = 0;
    clock.steadyMs = 1000;
    expect((await gate.tryPassword(password, address)).type).toBe("allowed");
  });

  test("slows down who guesses from ever new addresses, but no program that knows the password and no signed-in browser", async () => {
    const clock = { nowMs: 0 };
    const gate = await createGate(clock);
    await gate.tryPassword(password, address);
    let guesses = 0;
    for (let request = 0; request < 36_000; request++) {
      if ((await gate.tryPassword("guess", toAddress(request))).type === "unauthorized") guesses += 1;
      clock.nowMs += 100;
    }
    // In an hour: 50 at once, then one every 4 s.
    expect(guesses).toBeGreaterThan(900);
    expect(guesses).toBeLessThan(960);
    const other = await gate.tryPassword(password, "203.0.113.8");
    expect(other.type === "too-many-attempts" && other.retryAfterSeconds).toBeLessThanOrEqual(4);
    expect((await gate.check({ token: password }, address)).type).toBe("allowed");
    expect((await gate.check(toCookie(gate.signInCookie()), "203.0.113.9")).type).toBe("allowed");
    clock.nowMs += 10 * 60_000;
    for (let failure = 0; failure < 12; failure++) await gate.tryPassword("typo", toAddress(failure));
    expect((await gate.tryPassword(password, "203.0.113.8")).type).toBe("allowed");
  });
});

/** Whatever it has to wait. */
async function failTimes(attempts: OwnAttempts, clock: Clock, from: string, times: number): Promise<void> {
  for (let failure = 0; failure < times; failure++) {
    clock.nowMs += attempts.waitMs(from);
    await attempts.take(from, "wrong");
  }
}

function toAddress(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
}

describe("own attempts", () => {
  test.each([
    ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9"],
    ["2001:DB8:1:2::1", "2001:db8:1:2:0:0:0:3"],
    ["fe80::1%eth0", "fe80::2"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["::1", "::2"],
  ])("take %s and %s for one address", async (one, other) => {
    const clock = { nowMs: 0 };
    const attempts = createOwnAttempts({ now: () => clock.nowMs });
    await failTimes(attempts, clock, one, 3);
    expect(attempts.waitMs(other)).toBeGreaterThan(0);
  });

  test("take two networks for two addresses", async () => {
    const clock = { nowMs: 0 };
    const attempts = createOwnAttempts({ now: () => clock.nowMs });
    await failTimes(attempts, clock, "2001:db8:1:2::1", 3);
    expect(attempts.waitMs("2001:db8:1:3::1")).toBe(0);
  });

  test("make nobody wait longer than 15 minutes, and forget after an hour of quiet", async () => {
    const clock = { nowMs: 0 };
    const attempts = createOwnAttempts({ now: () => clock.nowMs });
    await failTimes(attempts, clock, address, 100);
    expect(attempts.waitMs(address)).toBe(15 * 60_000);
    clock.nowMs += 60 * 60_000 + 1;
    expect(await attempts.take(address, "wrong")).toBe(0);
    expect(attempts.waitMs(address)).toBe(0);
  });

  test("hold no more than 10,000 addresses", () => {
    const attempts = createOwnAttempts({ now: () => 0 });
    const ofAddress = { count: 3, atMs: 0, waitUntilMs: 1000 };
    for (let index = 0; index <= 10_000; index++) {
      attempts.note(toAddress(index), { ofAddress, ofAll: undefined, isKnown: false });
    }
    expect([0, 1, 10_000].map((index) => attempts.waitMs(toAddress(index)))).toEqual([0, 1000, 1000]);
  });
});
