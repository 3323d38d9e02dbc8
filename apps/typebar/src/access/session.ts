/**
 * The cookie of a signed-in browser: a date and its signature, nothing that is stored. Used by password-gate.ts.
 * The key comes from the password alone, so sessions outlive a restart and die with a changed password.
 */
import { createHmac, scrypt, timingSafeEqual } from "node:crypto";

/** Fixed, for the key must be the same after a restart; scrypt makes guessing the password from a cookie slow. */
const salt = "typebar session key 1";
const keyBytes = 32;
const scryptCost = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

export const sessionSeconds: number = 30 * 24 * 60 * 60;

export interface SessionKey {
  /** Whether a candidate is the password; takes as long for a near miss as for a far one. */
  isPassword: (candidate: Uint8Array) => boolean;
  /** A cookie's value that is good until then, in seconds since 1970. */
  sign: (expiresAt: number) => string;
  isValid: (value: string, nowSeconds: number) => boolean;
}

export async function createSessionKey(password: string): Promise<SessionKey> {
  const key = await deriveKey(password);
  const digest = (purpose: string, data: Uint8Array | string): Buffer =>
    createHmac("sha256", key).update(`${purpose}\0`).update(data).digest();
  const wanted = digest("password", password);
  const sign = (expiresAt: number): string =>
    `${expiresAt}.${digest("session", String(expiresAt)).toString("base64url")}`;
  return {
    isPassword: (candidate) => timingSafeEqual(digest("password", candidate), wanted),
    sign,
    isValid: (value, nowSeconds) => {
      const expiresAt = /^(\d{1,12})\./.exec(value)?.[1];
      if (expiresAt === undefined || Number(expiresAt) <= nowSeconds) return false;
      return timingSafeEqual(digest("cookie", value), digest("cookie", sign(Number(expiresAt))));
    },
  };
}

function deriveKey(password: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, keyBytes, scryptCost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
