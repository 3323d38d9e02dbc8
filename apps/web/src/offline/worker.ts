/**
 * The service worker: keeps the page's own files, so that the page opens without the server. Registered by
 * register.ts; built to /sw.js by build/service-worker.ts, which puts in what belongs to this build.
 *
 * The page itself always comes from the server if that answers: a new version is never hidden by a kept one.
 */

import { requestKind } from "./request-kind.ts";
import type { RequestEvent, WorkerScope } from "./worker-scope.ts";

/** Of this build; `version` changes with any kept file. */
declare const __SHELL__: {
  readonly version: string;
  readonly page: string;
  /** The script that the page of this build begins with. */
  readonly entry: string;
  /** What the page needs without the server, besides itself. */
  readonly files: readonly string[];
};

const scope = globalThis as unknown as WorkerScope;
const { version, page, entry, files } = __SHELL__;
const prefix = "typebar-shell-";
const shellName = prefix + version;

/** A gateway in front of the server says so when the server itself does not answer. */
const gatewayStatuses = new Set([502, 504]);

scope.addEventListener("install", (event) => {
  const bypass = ["/api/*", "/v1/*", "/docs/*"].map((urlPattern) => ({
    condition: { urlPattern },
    source: "network" as const,
  }));
  // Where it knows no routes, or not these: the worker leaves such requests alone all the same.
  const routed = event.addRoutes?.(bypass).catch(() => undefined);
  event.waitUntil(Promise.all([routed, fillShell().then(() => scope.skipWaiting())]));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(
    Promise.all([dropOldShells(), scope.registration.navigationPreload?.enable()]).then(() => scope.clients.claim()),
  );
});

scope.addEventListener("fetch", (event) => {
  const kind = requestKind(event.request, scope.location.origin, files);
  if (kind === "page") event.respondWith(answerPage(event));
  else if (kind === "file") event.respondWith(answerFile(event.request));
});

/** All of it or nothing: a shell of two versions would not run. */
async function fillShell(): Promise<void> {
  const shell = await scope.caches.open(shellName);
  const answers = await Promise.all([page, ...files].map((path) => fetch(path, { cache: "no-cache" })));
  const html = (await answers[0]?.clone().text()) ?? "";
  const isWhole = answers.every(({ ok, redirected }) => ok && !redirected);
  // The server may have been updated between this worker's file and the page.
  if (!isWhole || !html.includes(entry)) {
    await scope.caches.delete(shellName);
    throw new Error("The page's files are not those of this worker's version");
  }
  await Promise.all(answers.map((answer) => shell.put(new URL(answer.url).pathname, answer)));
}

/** The version before stays: pages of it may still be open, and load pieces that the server no longer has. */
async function dropOldShells(): Promise<void> {
  const others = (await scope.caches.keys()).filter((name) => name.startsWith(prefix) && name !== shellName);
  await Promise.all(others.slice(0, -1).map((name) => scope.caches.delete(name)));
}

async function answerPage(event: RequestEvent): Promise<Response> {
  const shell = await scope.caches.open(shellName);
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    if (!gatewayStatuses.has(answer.status)) return answer;
    return (await shell.match(page)) ?? answer;
  } catch {
    return (await shell.match(page)) ?? Response.error();
  }
}

/** Names in /assets/ change with their content; what was loaded once is there without the server, too. */
async function answerFile(request: Request): Promise<Response> {
  const isFixed = new URL(request.url).pathname.startsWith("/assets/");
  if (isFixed) {
    const kept = await scope.caches.match(request);
    if (kept !== undefined) return kept;
  }
  const shell = await scope.caches.open(shellName);
  try {
    const answer = await fetch(request);
    if (isFixed && answer.ok) await shell.put(request, answer.clone());
    return answer;
  } catch {
    return (await shell.match(request)) ?? Response.error();
  }
}
