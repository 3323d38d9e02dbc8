/** Entry that is bundled into a browser page by the renderer's tests. */
import { createBase } from "../../src/typewriter/blocks/block.ts";
import type { Block } from "../../src/typewriter/blocks/block.ts";
import { createChildViews } from "../../src/typewriter/dom/child-views.ts";
import { createView } from "../../src/typewriter/dom/create-view.ts";
import { createGroups } from "../../src/typewriter/dom/groups.ts";
import { createLabelWatch } from "../../src/typewriter/dom/label-watch.ts";
import { createSandbox } from "../../src/typewriter/diagram/sandbox.ts";
import { createTypesetter } from "../../src/typewriter/formula/typesetter.ts";
import { createMarkdown } from "../../src/typewriter/inline/markdown.ts";
import type { Markdown } from "../../src/typewriter/inline/markdown.ts";
import { createRenderer } from "../../src/typewriter/renderer.ts";

const typesetter = createTypesetter();
let realFormulas = false;

/** Formulas are set from now on, at once. */
async function setFormulas(): Promise<void> {
  realFormulas = true;
  const first = document.createElement("span");
  first.textContent = "x";
  typesetter.typeset(first, "x", false);
  while (first.childElementCount === 0) await new Promise(requestAnimationFrame);
}

/** Streams `text` on the page itself, by the lengths given, with a frame now and then; then compares with the whole. */
async function showStreamed(text: string, ends: readonly number[]): Promise<boolean> {
  const { container, renderer } = mount();
  document.body.replaceChildren(container);
  for (const end of ends) {
    renderer.update(text.slice(0, end), false);
    // Whatever is laid out or asked for by then, happens.
    if (end % 16 === 0) await new Promise(requestAnimationFrame);
  }
  renderer.update(text, true);
  await new Promise(requestAnimationFrame);
  return container.innerHTML === whole(text);
}

function mount(markdown = createMarkdown()) {
  const container = document.createElement("div");
  const renderer = createRenderer({
    container,
    markdown,
    copyLabel: "Copy",
    imageLabel: "Image",
    taskLabel: "Task",
    colour: () => ({ advance: () => undefined, forget: () => undefined }),
    onFormula: realFormulas ? typesetter.typeset : () => undefined,
    onFormulaBegin: () => undefined,
    openDiagram: (figure) => ({
      show: (source) => figure.setAttribute("data-drawn", source ?? ""),
    }),
  });
  return { container, renderer };
}

function firstBlock(container: Element): Element | null {
  return container.querySelector("section > :first-child");
}

function whole(text: string): string {
  const { container, renderer } = mount();
  renderer.update(text, true);
  return container.innerHTML;
}

/** Streams `text` in steps and reports whether the end equals the whole, and which nodes of closed blocks survived. */
function streamed(text: string, step: number): string {
  const { container, renderer } = mount();
  for (let end = step; end < text.length; end += step) renderer.update(text.slice(0, end), false);
  renderer.update(text, true);
  return container.innerHTML;
}

/** Cuts `text` at every offset: shows the part before it as unfinished, then goes on to the end. */
function differingCuts(text: string): number[] {
  const expected = whole(text);
  const cuts: number[] = [];
  for (let end = 0; end <= text.length; end += 1) {
    const { container, renderer } = mount();
    renderer.update(text.slice(0, end), false);
    renderer.update(text, true);
    if (container.innerHTML !== expected) cuts.push(end);
  }
  return cuts;
}

/** Streams by single characters and, at every offset, ends there: compares with that part rendered at once. */
function differingEnds(text: string): number[] {
  const cuts: number[] = [];
  for (let end = 0; end <= text.length; end += 1) {
    const { container, renderer } = mount();
    for (let at = Math.max(0, end - 40); at < end; at += 1) renderer.update(text.slice(0, at), false);
    renderer.update(text.slice(0, end), true);
    if (container.innerHTML !== whole(text.slice(0, end))) cuts.push(end);
  }
  return cuts;
}

/** Every text the page shows on the way. */
function shownOnTheWay(text: string): string[] {
  const { container, renderer } = mount();
  const shown: string[] = [];
  for (let end = 1; end <= text.length; end += 1) {
    renderer.update(text.slice(0, end), false);
    shown.push(container.textContent);
  }
  return shown;
}

/** What the frame of a diagram may do, as its attributes say. */
function frameOfDiagram(): Record<string, string | null> {
  const { frame } = createSandbox({ document, title: "Diagram", onAnswer: () => undefined });
  return Object.fromEntries(["sandbox", "allow", "srcdoc", "src"].map((name) => [name, frame.getAttribute(name)]));
}

/** What was given to be drawn, at each length of the text. */
function drawnOnTheWay(text: string): string[] {
  const { container, renderer } = mount();
  return Array.from({ length: text.length }, (_, index) => {
    renderer.update(text.slice(0, index + 1), false);
    return container.querySelector("figure")?.dataset["drawn"] ?? "";
  });
}

/** Whether the first block's element and text node are the same objects after the rest has been streamed. */
function keepsNodes(first: string, rest: string): boolean {
  const { container, renderer } = mount();
  renderer.update(first, false);
  const block = firstBlock(container);
  const node = block?.firstChild;
  for (let end = 1; end <= rest.length; end += 1) renderer.update(first + rest.slice(0, end), false);
  renderer.update(first + rest, true);
  return block !== null && firstBlock(container) === block && block?.firstChild === node;
}

/** What is still selected after the paragraph around it has grown. */
function selectedAfter(first: string, rest: string): string {
  const { container, renderer } = mount();
  document.body.append(container);
  renderer.update(first, false);
  const text = firstBlock(container)?.firstChild;
  if (text !== null && text !== undefined) getSelection()?.setBaseAndExtent(text, 0, text, 5);
  for (let end = 1; end <= rest.length; end += 1) renderer.update(first + rest.slice(0, end), false);
  renderer.update(first + rest, true);
  const selected = getSelection()?.toString() ?? "";
  container.remove();
  return selected;
}

/** How often, on the average, a character of `text` was read for emphasis, links and the like, until all of it stood there. */
function timesRead(text: string, step: number): number {
  const markdown = createMarkdown();
  let characters = 0;
  const counting: Markdown = {
    ...markdown,
    parseInline(source, references) {
      characters += source.length;
      return markdown.parseInline(source, references);
    },
  };
  const { renderer } = mount(counting);
  for (let end = step; end < text.length; end += step) renderer.update(text.slice(0, end), false);
  renderer.update(text, true);
  return characters / text.length;
}

/** What it took to have all of `text` on the page, in steps: characters read for emphasis and the like, and nodes changed. */
async function work(text: string, step: number): Promise<{ read: number; changed: number; elements: number }> {
  const markdown = createMarkdown();
  let read = 0;
  let changed = 0;
  const counting: Markdown = {
    ...markdown,
    parseInline(source, references) {
      read += source.length;
      return markdown.parseInline(source, references);
    },
  };
  const { container, renderer } = mount(counting);
  const observer = new MutationObserver((records) => {
    for (const { addedNodes, removedNodes } of records) changed += addedNodes.length + removedNodes.length;
  });
  observer.observe(container, { childList: true, subtree: true });
  let steps = 0;
  for (let end = step; end < text.length; end += step) {
    renderer.update(text.slice(0, end), false);
    steps += 1;
  }
  renderer.update(text, true);
  await Promise.resolve();
  return { read: read / (steps + 1), changed: changed / (steps + 1), elements: container.querySelectorAll("*").length };
}

interface Heights {
  /** Frames after which the text was less high than before. */
  shrank: number;
  /** Groups that the browser did not look into. */
  passedOver: number;
  shown: number;
  /** The same with nothing passed over. */
  laidOut: number;
}

/** Streams `text` with the page's styles in 100 steps, a frame each, to a reader who stands at the end. */
async function heights(text: string): Promise<Heights> {
  const { container, renderer } = mount();
  const scroller = document.createElement("div");
  scroller.append(container);
  document.body.replaceChildren(scroller);
  container.className = "answer";
  Object.assign(scroller.style, { height: "600px", overflowY: "auto" });
  let shown = 0;
  let shrank = 0;
  for (let step = 1; step <= 100; step += 1) {
    renderer.update(text.slice(0, (text.length * step) / 100), step === 100);
    scroller.scrollTop = scroller.scrollHeight;
    // Once the frame is painted: only then is it known what is passed over.
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
    if (scroller.scrollHeight < shown) shrank += 1;
    shown = scroller.scrollHeight;
  }
  const groups = [...container.querySelectorAll<HTMLElement>(".finished")];
  const passedOver = groups.filter(
    (group) => group.firstElementChild?.checkVisibility({ contentVisibilityAuto: true }) === false,
  ).length;
  for (const group of groups) group.style.contentVisibility = "visible";
  return { shrank, passedOver, shown, laidOut: scroller.scrollHeight };
}

/** How often a final block is looked at when the container around it is shown `shows` times. */
function looksAtFinalBlocks(blocks: number, shows: number): number {
  const body = document.createElement("div");
  const labels = createLabelWatch(createMarkdown());
  const views = createChildViews(createGroups({ size: 10, first: body, open: () => body }), {
    createView,
    document,
    markdown: createMarkdown(),
    references: labels.references,
    awaitLabels: labels.awaitLabels,
    copyLabel: "Copy",
    imageLabel: "Image",
    taskLabel: "Task",
    colour: () => ({ advance: () => undefined, forget: () => undefined }),
    onFormula: () => undefined,
    onFormulaBegin: () => undefined,
    openDiagram: (figure) => ({
      show: (source) => figure.setAttribute("data-drawn", source ?? ""),
    }),
  });
  let looks = 0;
  const rule: Block = {
    ...createBase(),
    kind: "rule",
    get closedBy() {
      looks += 1;
      return 1;
    },
  };
  const parent: Block = { ...createBase(), kind: "document", children: Array.from({ length: blocks }, () => rule) };
  for (let count = 0; count < shows; count += 1) views.show(parent, 1);
  return looks / blocks;
}

Object.assign(globalThis, {
  harness: {
    looksAtFinalBlocks,
    heights,
    timesRead,
    whole,
    streamed,
    setFormulas,
    showStreamed,
    work,
    differingCuts,
    differingEnds,
    shownOnTheWay,
    drawnOnTheWay,
    frameOfDiagram,
    keepsNodes,
    selectedAfter,
  },
});

export interface Harness {
  looksAtFinalBlocks: typeof looksAtFinalBlocks;
  heights: typeof heights;
  timesRead: typeof timesRead;
  whole: typeof whole;
  streamed: typeof streamed;
  setFormulas: typeof setFormulas;
  showStreamed: typeof showStreamed;
  work: typeof work;
  differingCuts: typeof differingCuts;
  differingEnds: typeof differingEnds;
  shownOnTheWay: typeof shownOnTheWay;
  drawnOnTheWay: typeof drawnOnTheWay;
  frameOfDiagram: typeof frameOfDiagram;
  keepsNodes: typeof keepsNodes;
  selectedAfter: typeof selectedAfter;
}
