import { createServer } from "node:http"; import { connect } from "node:net"; import type { AddressInfo } from "node:net";
import { start } from "@typebar/log"; import { openMemoryLog } from "@typebar/log/memory";
import { createEventStreams } from "../src/index.ts"; import { createTextFormat, openWriter } from "./text-format.ts";
const log = openMemoryLog(); const w = await openWriter(log, "a"); for (let i = 0; i < 400; i++) await w.append("x".repeat(32768));
const streams = createEventStreams({ log });
let t0 = 0;
const s = createServer((request, response) => { void streams.open({ request, response, source: { logId: "a" }, format: createTextFormat(), after: start, rotate: false }).then((c) => { t0 = performance.now(); if ("closed" in c) void c.closed.then((r) => { console.log(r, ((performance.now() - t0) / 1000).toFixed(1)); process.exit(0); }); }); });
s.listen(0, "127.0.0.1", () => { const c = connect((s.address() as AddressInfo).port); c.pause(); c.on("error", () => {}); c.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n"); });
setTimeout(() => { console.log("not ended after 70 s"); process.exit(1); }, 70000);
