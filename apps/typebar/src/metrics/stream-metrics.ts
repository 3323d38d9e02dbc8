/** What is told of event streams -> numbers. Told by packages/server; part of create-metrics.ts. */
import type { CloseReason, HubErrorCode, StreamObserver } from "@typebar/server";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";

const closeReasons: Readonly<Record<CloseReason, true>> = {
  ended: true,
  "client-gone": true,
  stalled: true,
  rotated: true,
  shutdown: true,
  diverged: true,
  forbidden: true,
  failed: true,
};
const refusalCodes: Readonly<Record<HubErrorCode, true>> = {
  "bad-channel": true,
  "too-many-channels": true,
  "bad-event": true,
  "event-too-large": true,
  forbidden: true,
  "too-many-connections": true,
  draining: true,
  "store-unavailable": true,
};
const resetReasons = ["expired", "diverged", "unknown"] as const;
const publishBuckets = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5];

export function createStreamMetrics(registry: Registry): Required<StreamObserver> {
  const registers = [registry];
  // Plain numbers, which are read when somebody looks: a busy server writes hundreds of thousands of times a second.
  let bytes = 0;
  let events = 0;
  let replayedBytes = 0;
  addTotal(registry, "typebar_stream_bytes_total", "Bytes handed to sockets of event streams.", () => bytes);
  addTotal(registry, "typebar_stream_events_total", "Events handed to sockets of event streams.", () => events);
  addTotal(
    registry,
    "typebar_replayed_bytes_total",
    "Bytes of events that were stored before their reader asked or while it was behind.",
    () => replayedBytes,
  );
  const open = new Gauge({ name: "typebar_open_streams", help: "Event streams that are open now.", registers });
  const opened = new Counter({
    name: "typebar_streams_opened_total",
    help: "Event streams that were opened, new or after an event ID.",
    labelNames: ["how"],
    registers,
  });
  for (const how of ["new", "resumed"]) opened.inc({ how }, 0);
  const closed = new Counter({
    name: "typebar_streams_closed_total",
    help: "Event streams that are over, by reason; stalled is a reader that stopped reading.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of Object.keys(closeReasons)) closed.inc({ reason }, 0);
  const resets = new Counter({
    name: "typebar_resets_total",
    help: "Readers that were told in their stream that their place is lost, by reason.",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of resetReasons) resets.inc({ reason }, 0);
  const refusals = new Counter({
    name: "typebar_stream_refusals_total",
    help: "Event streams that were not opened and events that were not published, by code.",
    labelNames: ["code"],
    registers,
  });
  for (const code of Object.keys(refusalCodes)) refusals.inc({ code }, 0);
  const publishedEvents = new Counter({
    name: "typebar_published_events_total",
    help: "Events that were published to channels.",
    registers,
  });
  const publishSeconds = new Histogram({
    name: "typebar_publish_seconds",
    help: "How long it takes until what is published to a channel is stored.",
    buckets: publishBuckets,
    registers,
  });

  return {
    opened(how) {
      open.inc();
      opened.inc({ how });
    },
    closed(reason) {
      open.dec();
      closed.inc({ reason });
    },
    wrote(byteCount, eventCount) {
      bytes += byteCount;
      events += eventCount;
    },
    replayed: (byteCount) => void (replayedBytes += byteCount),
    reset: (reason) => resets.inc({ reason }),
    refused: (code) => refusals.inc({ code }),
    published(eventCount, ms) {
      publishedEvents.inc(eventCount);
      publishSeconds.observe(ms / 1000);
    },
  };
}

/** A counter that is read from elsewhere. */
function addTotal(registry: Registry, name: string, help: string, read: () => number): void {
  const counter: Counter = new Counter({
    name,
    help,
    registers: [registry],
    collect() {
      counter.reset();
      counter.inc(read());
    },
  });
}
