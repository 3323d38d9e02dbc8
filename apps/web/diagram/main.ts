/**
 * Draws one diagram in a document of its own, which the page opens in a sandbox: what a diagram might smuggle in can
 * reach neither the page nor the network. Asked by src/typewriter/diagram/sandbox.ts through a port.
 */
import mermaid from "mermaid";
import { longestSourceChars } from "../src/typewriter/diagram/messages.ts";
import type { DrawAnswer, DrawRequest } from "../src/typewriter/diagram/messages.ts";

const mostEdges = 500;
/** A diagram may not set these for itself. */
const secured = ["htmlLabels", "themeCSS", "fontFamily", "dompurifyConfig", "deterministicIds"];

window.addEventListener("message", ({ source, ports: [port] }) => {
  if (source !== window.parent || port === undefined) return;
  port.addEventListener("message", ({ data }: MessageEvent<DrawRequest>) => {
    void draw(data).then((answer) => port.postMessage(answer));
  });
  port.start();
});

async function draw({ source, dark }: DrawRequest): Promise<DrawAnswer> {
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    suppressErrorRendering: true,
    // The lines of an arrow end at the words on it.
    themeVariables: { edgeLabelBackground: dark ? "#1e1f22" : "#f7f7f5" },
    theme: dark ? "dark" : "neutral",
    // The other one is a megabyte more.
    layout: "dagre",
    fontFamily: "system-ui, 'PingFang SC', 'Noto Sans SC', sans-serif",
    maxTextSize: longestSourceChars,
    maxEdges: mostEdges,
    secure: ["secure", "securityLevel", "startOnLoad", "maxTextSize", "suppressErrorRendering", "maxEdges", ...secured],
  });
  try {
    const { svg } = await mermaid.render("diagram", source);
    const drawing = new DOMParser().parseFromString(svg, "text/html").querySelector("svg");
    if (drawing === null) return { type: "failed" };
    takeLinks(drawing);
    document.body.replaceChildren(drawing);
    const { width, height } = drawing.viewBox.baseVal;
    return { type: "drawn", width, height };
  } catch {
    return { type: "failed" };
  }
}

/** Links lead nowhere: the frame is a picture. */
function takeLinks(drawing: Element): void {
  for (const element of drawing.querySelectorAll("*")) {
    for (const { name, value } of Array.from(element.attributes)) {
      if (/^(?:xlink:)?href$/u.test(name) && !value.startsWith("#")) element.removeAttribute(name);
    }
  }
}
