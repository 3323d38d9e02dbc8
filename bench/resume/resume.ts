/** Resuming a 5,000-delta answer from its start: how many events and bytes a client gets for the text. */
import type { Provider } from "@typebar/chat";
import { openBenchChatServer } from "../chat-server.ts";
import type { BenchResult } from "../table.ts";

const deltas = 5000;
const bytesMetric = "resume_bytes_per_text_byte_5000";
/** Four characters each, as tokens are. */
const words = ["word", " of ", "text", ", an", "d 漢字", "\nnew"];

const provider: Provider = {
  name: "long",
  continuations: [],
  listModels: async () => [{ id: "long/long", name: "long", provider: "long", kind: "language-model" }],
  async *stream() {
    for (let index = 0; index < deltas; index++) yield { type: "text", text: words[index % words.length] ?? "" };
    yield { type: "finish", finishReason: "stop" };
  },
};

export async function benchResume(): Promise<BenchResult> {
  await using server = await openBenchChatServer(provider);
  const started = await fetch(`${server.url}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ message: "Speak." }),
  });
  await started.text();
  const response = await fetch(`${server.url}${started.headers.get("Content-Location")}`);
  const body = await response.text();
  const events = body.split("\n\n").filter((block) => block.includes("data: "));
  const texts = events.flatMap((block) => {
    const data = /^data: (\{.*\})$/m.exec(block)?.[1];
    const chunk = data === undefined ? undefined : (JSON.parse(data) as { type: string; delta?: string });
    return chunk?.type === "text-delta" ? [chunk.delta ?? ""] : [];
  });
  const text = texts.join("");
  const expected = Array.from({ length: deltas }, (_, index) => words[index % words.length]).join("");
  if (text !== expected) throw new Error("the resumed text is not the answer's");
  const textBytes = Buffer.byteLength(text);
  // What a server that replays every stored chunk sends for the same answer.
  const replayed = Array.from({ length: deltas }, (_, index) =>
    Buffer.byteLength(
      `data: ${JSON.stringify({ type: "text-delta", id: "t0", delta: words[index % words.length] })}\n\n`,
    ),
  );
  const replayedBytes = replayed.reduce((sum, bytes) => sum + bytes, 0);
  return {
    name: "resume",
    rows: [
      { subject: "typebar", metric: "resume_events_5000", unit: "events", value: events.length },
      { subject: "typebar", metric: bytesMetric, unit: "ratio", value: Buffer.byteLength(body) / textBytes },
      { subject: "replay-all", metric: "resume_events_5000", unit: "events", value: deltas + 6 },
      { subject: "replay-all", metric: bytesMetric, unit: "ratio", value: replayedBytes / textBytes },
    ],
  };
}
