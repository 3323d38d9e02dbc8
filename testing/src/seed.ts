/** The seed of a fault test and how often it runs. The seed stands in the tests' names, so a failure says how to replay it. */
import { createRandom, hashText, type Random } from "./random.ts";

export const isLong: boolean = Boolean(process.env["TYPEBAR_TEST_LONG"]);

/** The same in every usual run; another one in each long run, unless `TYPEBAR_SEED` names it. */
export const seed: number = Number(process.env["TYPEBAR_SEED"] ?? (isLong ? Date.now() % 2 ** 31 : 20_261_122));

export const seedText = `TYPEBAR_SEED=${seed}`;

/** Randomness of its own for each purpose: what one of them draws changes nothing for the others. */
export function randomFor(purpose: string): Random {
  return createRandom(seed ^ hashText(purpose));
}

export function countOf({ usual, long }: { usual: number; long: number }): number {
  return isLong ? long : usual;
}
