/** A page that shares its connections with other tabs, driven by tabs.test.ts in a browser. */
import { createChatClient, createWebStorage, textOf } from "../../src/index.ts";
import type { GenerationHandle } from "../../src/index.ts";

/** What one tab had of one answer. */
export interface Seen {
  text: string;
  state: string;
  closed: boolean;
  connection: string;
  /** Of all events, as they came to be known here. */
  ids: string[];
  /** What was shown at some time and is not the beginning of what was to be shown, or less than before. */
  wrong: string[];
  error: string;
}

export interface Tab {
  follow(generationId: string, whole: string): void;
  start(message: string, whole: string): void;
  channels(names: readonly string[]): void;
  setInView(generationId: string, inView: boolean): void;
  seen(generationId: string): Seen | undefined;
  /** What was published, in order. */
  published: unknown[];
  readies: number;
}

declare global {
  interface Window {
    tab: Tab;
  }
}

const ids = new Map<string, string[]>();
const client = createChatClient({
  shareConnections: "test",
  storage: createWebStorage("session"),
  observe(observation) {
    if (observation.type !== "event") return;
    const [generationId = ""] = observation.lastEventId.split(":");
    ids.set(generationId, [...(ids.get(generationId) ?? []), observation.lastEventId]);
  },
});
const handles = new Map<string, GenerationHandle>();
const seen = new Map<string, Omit<Seen, "ids" | "connection">>();

function watch(handle: GenerationHandle, name: string, whole: string): void {
  handles.set(name, handle);
  const record = { text: "", state: "", closed: false, wrong: [] as string[], error: "" };
  seen.set(name, record);
  const look = (): void => {
    const text = textOf(handle.answer);
    if (!whole.startsWith(text) || text.length < record.text.length) record.wrong.push(text);
    Object.assign(record, { text, state: handle.answer.state, closed: handle.answer.closed });
  };
  handle.subscribe(look);
  handle.done.then(look, (error: unknown) => (record.error = String(error)));
}

async function followChannels(names: readonly string[]): Promise<void> {
  for await (const { event, data } of client.followChannels(names, { kept: ["online"] })) {
    if (event === "ready") window.tab.readies += 1;
    else window.tab.published.push(data);
  }
}

window.tab = {
  follow: (generationId, whole) => watch(client.follow(generationId), generationId, whole),
  start: (message, whole) => watch(client.start({ message }), message, whole),
  channels: (names) => void followChannels(names),
  setInView: (generationId, inView) => handles.get(generationId)?.setInView(inView),
  seen(name) {
    const record = seen.get(name);
    const handle = handles.get(name);
    if (record === undefined || handle === undefined) return undefined;
    const generationId = handle.answer.generationId ?? name;
    return { ...record, ids: ids.get(generationId) ?? [], connection: handle.connection.name };
  },
  published: [],
  readies: 0,
};
