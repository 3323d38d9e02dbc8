/** What the tests of how the page looks and behaves do on it, and how they measure it. */
import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

/** What a phone is to the browser: a finger, no hovering, a small window. */
export const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export async function ask(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer-input").fill(text);
  await page.getByTestId("send").click();
}

export function lastAnswer(page: Page, state?: string): Locator {
  const last = page.getByTestId("message-assistant").last();
  return state === undefined ? last : last.and(page.locator(`[data-state="${state}"]`));
}

export async function isComplete(page: Page): Promise<void> {
  await lastAnswer(page, "completed").waitFor();
}

/** @throws {Error} if it is not on the page, or has no size. */
export async function boxOf(locator: Locator): Promise<Box> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error(`Not to be seen: ${locator.toString()}`);
  return box;
}

/** The computed values of these properties, as they are rendered. */
export function styleOf(locator: Locator, ...names: string[]): Promise<string[]> {
  return locator.evaluate(
    (element, wanted) => wanted.map((name) => getComputedStyle(element).getPropertyValue(name)),
    names,
  );
}

/** How far the transcript is from its end, in pixels. */
export function distanceToEnd(page: Page): Promise<number> {
  return page
    .getByTestId("transcript")
    .evaluate((element) => element.scrollHeight - element.clientHeight - element.scrollTop);
}

export function scrollTop(page: Page): Promise<number> {
  return page.getByTestId("transcript").evaluate((element) => element.scrollTop);
}

/** Two frames: what was to be drawn is drawn. */
export function nextFrames(page: Page): Promise<void> {
  return page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(undefined)))),
  );
}

/** Asks again until it is so; gives up long after a slow machine would have done it. */
export function until<T>(ask: () => Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(ask, { timeout: 15_000 });
}

/** Where the transcript is when it has come to rest: what a hand has set in motion takes a few frames. */
export async function restingTop(page: Page): Promise<number> {
  let seen = -1;
  await until(async () => {
    await nextFrames(page);
    return seen === (seen = await scrollTop(page));
  }).toBe(true);
  return seen;
}
