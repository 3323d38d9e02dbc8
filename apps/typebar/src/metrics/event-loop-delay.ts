/**
 * How late timers are, because the one thread was busy. Part of create-metrics.ts.
 *
 * A histogram of our own: prom-client's gauges of it begin anew at each scrape, so that two who scrape spoil each other's
 * numbers, are not numbers when nothing was sampled since, and include the time between two samples.
 */
import { Histogram, type Registry } from "prom-client";

const intervalMs = 50;

export function measureEventLoopDelay(registry: Registry): void {
  const delay = new Histogram({
    name: "typebar_event_loop_delay_seconds",
    help: "How late a timer is, because the process was busy.",
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers: [registry],
  });
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    delay.observe(Math.max(0, nowMs - lastMs - intervalMs) / 1000);
    lastMs = nowMs;
  }, intervalMs);
  // It must not keep a process alive that has nothing else to do.
  timer.unref();
}
