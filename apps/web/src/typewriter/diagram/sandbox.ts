/**
 * The frame in which a diagram is drawn: another origin than the page, no access to it, no network. Only sizes come out
 * of it, and what is not said in time is given up. Used by drawing.ts.
 *
 * Trust boundary: the source of a diagram comes from a model.
 */

import { parseAnswer } from "./messages.ts";
import type { DrawAnswer, DrawRequest } from "./messages.ts";

export interface Sandbox {
  readonly frame: HTMLIFrameElement;
  draw(request: DrawRequest): void;
  close(): void;
}

export interface SandboxOptions {
  document: Document;
  title: string;
  /** Comes once for each `draw`; `failed` where the frame said nothing in time. */
  onAnswer(answer: DrawAnswer): void;
}

/** Loading the library is part of it. */
const longestDrawMs = 20_000;
const framePath = "/diagram/index.html";

export function createSandbox({ document, title, onAnswer }: SandboxOptions): Sandbox {
  const frame = document.createElement("iframe");
  let port: MessagePort | undefined;
  let request: DrawRequest | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function answer(answered: DrawAnswer): void {
    clearTimeout(timer);
    onAnswer(answered);
  }

  frame.className = "diagram-frame";
  frame.title = title;
  frame.tabIndex = -1;
  frame.setAttribute("sandbox", "allow-scripts");
  frame.referrerPolicy = "no-referrer";
  frame.src = framePath;
  // A frame that is moved on the page loads again.
  frame.addEventListener("load", () => {
    const channel = new MessageChannel();
    port?.close();
    port = channel.port1;
    port.addEventListener("message", ({ data }) => answer(parseAnswer(data)));
    port.start();
    // Its origin is opaque, so it cannot be named; the port goes to nobody but the frame.
    frame.contentWindow?.postMessage(null, "*", [channel.port2]);
    if (request !== undefined) port.postMessage(request);
  });

  return {
    frame,
    draw(newRequest) {
      request = newRequest;
      clearTimeout(timer);
      timer = setTimeout(() => answer({ type: "failed" }), longestDrawMs);
      port?.postMessage(request);
    },
    close() {
      clearTimeout(timer);
      port?.close();
      frame.remove();
    },
  };
}
