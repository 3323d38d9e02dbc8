/** The slice of a service worker's global scope that worker.ts needs; the page's own types are those of a window. */

export interface WorkerScope {
  readonly location: { readonly origin: string };
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void> };
  readonly registration: { readonly navigationPreload?: { enable(): Promise<void> } };
  skipWaiting(): Promise<void>;
  addEventListener(type: "install", listener: (event: InstallEvent) => void): void;
  addEventListener(type: "activate", listener: (event: LifeEvent) => void): void;
  addEventListener(type: "fetch", listener: (event: RequestEvent) => void): void;
}

export interface LifeEvent {
  waitUntil(work: Promise<unknown>): void;
}

export interface InstallEvent extends LifeEvent {
  /** Where the browser knows static routes: what is named here never wakes the worker. */
  addRoutes?(routes: { condition: { urlPattern: string }; source: "network" }[]): Promise<void>;
}

export interface RequestEvent extends LifeEvent {
  readonly request: Request;
  /** What the browser asked for while the worker was waking up. */
  readonly preloadResponse: Promise<Response | undefined>;
  respondWith(response: Promise<Response>): void;
}
