/** All followers of a channel are cut off at once, and come back at once, while events go on being published. */
import { expect, it } from "vitest";
import { createHerd, type HerdVerdict, type HubProcess, openHubProcess } from "../../src/index.ts";
import { countOf } from "../../src/seed.ts";

const timeout = 300_000;
const followerCount = 500;
const faultless: HerdVerdict = { missed: 0, doubled: 0, refused: 0, behind: 0 };

const cuts: Readonly<Record<string, (hub: HubProcess) => Promise<void>>> = {
  "the server is killed and started again": (hub) => hub.killAndRestart(),
  "the server resets all sockets": async (hub) => hub.cut(),
};

it.each(Object.keys(cuts))("loses and doubles no event when %s", { timeout }, async (name) => {
  await using hub = await openHubProcess({ publishMs: 5, retryMs: 50, retrySpreadMs: 200 });
  const herd = createHerd(hub.port);
  try {
    await herd.gather(followerCount);
    for (let round = 0; round < countOf({ usual: 3, long: 20 }); round++) {
      const { done } = herd.watchReturn();
      await cuts[name]?.(hub);
      expect(await done).toHaveLength(followerCount);
    }
    expect(await herd.settle(await hub.stop())).toEqual(faultless);
  } finally {
    herd.close();
  }
});
