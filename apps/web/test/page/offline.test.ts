/** The page as an app: installable, there without the server, and never older than the server's. */
import { readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openPageWorld } from "./page-world.ts";
import type { PageWorld } from "./page-world.ts";

let world: PageWorld;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  world = await openPageWorld((text) => ({
    chunks: ["It ", "answers ", "all ", "the ", "same."],
    delayMs: text.includes("slow") ? 100 : 5,
  }));
});
afterAll(() => world.close());
beforeEach(async () => {
  context = await world.openContext();
  page = await world.openPage(context);
});
afterEach(async () => {
  const complaints = [...world.complaints];
  await world.reset();
  expect(complaints).toEqual([]);
});

/** The worker has all of the shell, and this page is under its care. */
async function isKept(on = page): Promise<void> {
  await on.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => on.evaluate(() => navigator.serviceWorker.controller?.state)).toBe("activated");
}

async function ask(text: string): Promise<void> {
  await page.getByTestId("composer-input").fill(text);
  await page.getByTestId("composer-input").press("Enter");
  await page.locator("[data-testid=message-assistant][data-state=completed]").last().waitFor();
}

describe("an app", () => {
  it("can be installed", async () => {
    await isKept();
    const devtools = await context.newCDPSession(page);
    const { installabilityErrors } = await devtools.send("Page.getInstallabilityErrors");
    // The tests' windows keep nothing, and such ones install nothing.
    expect(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito")).toEqual([]);
    const { url, errors, data } = await devtools.send("Page.getAppManifest");
    expect([new URL(url).pathname, errors]).toEqual(["/typebar.webmanifest", []]);
    const { icons } = JSON.parse(data ?? "") as { icons: { src: string; sizes: string; type: string }[] };
    for (const { src, sizes } of icons) {
      const width = await page.evaluate(async (address) => {
        const image = new Image();
        image.src = address;
        await image.decode();
        return image.naturalWidth;
      }, src);
      if (sizes !== "any") expect(`${width}x${width}`).toBe(sizes);
    }
  });
});

describe("without the server", () => {
  it.each(["the network is away", "the server is down"])("is there with its drafts: %s", async (fault) => {
    await isKept();
    await ask("Before");
    const path = new URL(page.url()).pathname;
    if (fault.startsWith("the network")) await context.setOffline(true);
    else world.server.down = true;
    await page.reload();
    const away = page.getByTestId("away");
    await away.waitFor();
    expect(await away.innerText()).toContain(
      fault.startsWith("the network") ? "You are offline." : "The server cannot be reached.",
    );
    await page.getByTestId("composer-input").fill("Written on the way");
    // Menus are loaded when they are needed: they are part of what is kept.
    await page.getByTestId("settings").click();
    await page.getByTestId("theme-dark").waitFor();
    await page.keyboard.press("Escape");
    await page.reload();
    expect(await page.getByTestId("composer-input").inputValue()).toBe("Written on the way");
    expect(new URL(page.url()).pathname).toBe(path);
    // This page has found out, too, before anything is put right.
    await away.waitFor();

    if (fault.startsWith("the network")) await context.setOffline(false);
    else {
      world.server.down = false;
      // The page asks by itself, too: by now it may have found the server, and the button be gone.
      await page.evaluate(() => document.querySelector<HTMLElement>("[data-testid=ask-now]")?.click());
    }
    await away.waitFor({ state: "detached" });
    await page.getByTestId("answer-text").filter({ hasText: "It answers all the same." }).waitFor();
    await page.getByTestId("conversation-item").filter({ hasText: "Before" }).waitFor();
    expect(await page.getByTestId("composer-input").inputValue()).toBe("Written on the way");
  });

  it("says so while it is open, and asks what was sent meanwhile as soon as it can", async () => {
    await context.setOffline(true);
    await page.getByTestId("away").waitFor();
    await page.getByTestId("composer-input").fill("On the way");
    await page.getByTestId("composer-input").press("Enter");
    await page.getByTestId("reconnecting").waitFor();
    await context.setOffline(false);
    await page.locator("[data-testid=message-assistant][data-state=completed]").waitFor();
    expect(await page.getByTestId("away").count()).toBe(0);
    expect(world.server.starts).toBe(1);
  });

  it("leaves everything of the API to the network, and keeps nothing of it", async () => {
    await isKept();
    const byWorker: string[] = [];
    const answered: string[] = [];
    context.on("response", (response) => {
      const { pathname } = new URL(response.url());
      answered.push(pathname);
      if (response.fromServiceWorker()) byWorker.push(pathname);
    });
    await page.reload();
    await ask("slow");
    await page.reload();
    await page.getByTestId("answer-text").filter({ hasText: "It answers all the same." }).waitFor();
    expect(answered.filter((path) => path === "/api/chat")).toHaveLength(1);
    expect(byWorker.some((path) => path.startsWith("/assets/"))).toBe(true);
    expect(byWorker.filter((path) => path.startsWith("/api/"))).toEqual([]);
    const kept = await page.evaluate(async () => {
      const shells = await Promise.all((await caches.keys()).map((name) => caches.open(name)));
      const requests = await Promise.all(shells.map((shell) => shell.keys()));
      return requests.flat().map(({ url }) => new URL(url).pathname);
    });
    expect(kept).toContain("/index.html");
    expect(
      kept.filter((path) => !/^\/(?:assets\/|index\.html$|[\w-]+\.(?:js|svg|png|webmanifest)$)/u.test(path)),
    ).toEqual([]);
  });
});

/** The next version, as a server would have it after an update: other names, and the old files are gone. */
async function update(folder: string): Promise<void> {
  const assets = join(folder, "assets");
  const names = (await readdir(assets)).filter((name) => /^(?:index|WireDrawer)-/u.test(name));
  const renamed = new Map(names.map((name) => [name, name.replace(/-[\w-]{8}\./u, "-newer___.")]));
  for (const [from, to] of renamed) await rename(join(assets, from), join(assets, to));
  const texts = [join(folder, "index.html"), join(folder, "sw.js")];
  for (const name of await readdir(assets)) if (name.endsWith(".js")) texts.push(join(assets, name));
  for (const path of texts) {
    let text = await readFile(path, "utf8");
    for (const [from, to] of renamed) text = text.replaceAll(from, to);
    if (path.endsWith("index.html")) text = text.replace("<html ", '<html data-version="2" ');
    if (path.endsWith("sw.js")) text = text.replace(/"version":"\w+"/u, '"version":"newer"');
    await writeFile(path, text);
  }
}

describe("an update", () => {
  it("is taken at the next load, also without the network; pages of the version before go on", async () => {
    await isKept();
    const older = await world.openPage(context);
    await isKept(older);
    await update(world.folder);

    await page.reload();
    await page.getByTestId("composer-input").waitFor();
    const version = (): Promise<string | undefined> => page.evaluate(() => document.documentElement.dataset["version"]);
    expect(await version()).toBe("2");
    // The browser looks for the worker's next version by itself, some time after the page was loaded.
    await expect
      .poll(
        () =>
          page.evaluate(async () => {
            const { waiting, installing, active } = (await navigator.serviceWorker.getRegistration()) ?? {};
            const isKept = (await caches.keys()).some((name) => name.endsWith("newer"));
            return [isKept, waiting, installing, active?.state];
          }),
        { timeout: 15_000 },
      )
      .toEqual([true, null, null, "activated"]);

    // What an older page has not loaded yet is gone from the server.
    await older.getByTestId("wire-toggle").click();
    await older.getByTestId("wire").waitFor();

    await context.setOffline(true);
    await page.reload();
    await page.getByTestId("away").waitFor();
    expect(await version()).toBe("2");
    await page.getByTestId("wire-toggle").click();
    await page.getByTestId("wire").waitFor();
  });
});
