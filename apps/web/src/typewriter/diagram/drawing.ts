/**
 * One diagram on the page: its source until it is drawn, then the drawing, with a button to see the source again. What
 * is below moves once, by the difference of both. Loaded by diagrams.ts when the first diagram comes into view.
 */

import { longestSourceChars } from "./messages.ts";
import type { DrawAnswer } from "./messages.ts";
import { createSandbox } from "./sandbox.ts";
import type { Sandbox } from "./sandbox.ts";

export interface DiagramLabels {
  title: string;
  showSource: string;
  showDiagram: string;
  failed: string;
}

export interface Drawing {
  redraw(dark: boolean): void;
  /** Only the source stands there again. */
  close(): void;
}

/** @param figure as the view of code has made it: a head with a button, then the source. */
export function createDrawing(figure: HTMLElement, source: string, labels: DiagramLabels): Drawing {
  const { ownerDocument: document } = figure;
  let sandbox: Sandbox | undefined;
  let note: HTMLElement | undefined;
  const scroller = document.createElement("div");
  scroller.className = "diagram";
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", labels.title);
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "code-toggle";
  toggle.addEventListener("click", () => show(figure.dataset["diagram"] === "drawn" ? "source" : "drawn"));

  function show(state: "drawing" | "drawn" | "source"): void {
    figure.dataset["diagram"] = state;
    toggle.textContent = state === "drawn" ? labels.showSource : labels.showDiagram;
  }

  function onAnswer(answer: DrawAnswer): void {
    if (answer.type === "failed") return fail();
    sandbox?.frame.style.setProperty("--diagram-width", `${answer.width}px`);
    sandbox?.frame.style.setProperty("--diagram-ratio", `${answer.width} / ${answer.height}`);
    if (figure.dataset["diagram"] !== "drawing") return;
    figure.querySelector(".code-copy")?.before(toggle);
    show("drawn");
  }

  function fail(): void {
    clear();
    note = document.createElement("p");
    note.className = "diagram-note";
    note.textContent = labels.failed;
    figure.append(note);
  }

  function clear(): void {
    sandbox?.close();
    sandbox = undefined;
    for (const element of [scroller, toggle, note]) element?.remove();
    delete figure.dataset["diagram"];
  }

  return {
    redraw(dark) {
      if (note !== undefined) return;
      if (source.length > longestSourceChars) return fail();
      if (sandbox === undefined) {
        sandbox = createSandbox({ document, title: labels.title, onAnswer });
        scroller.append(sandbox.frame);
        figure.append(scroller);
        show("drawing");
      }
      sandbox.draw({ source, dark });
    },
    close: clear,
  };
}
