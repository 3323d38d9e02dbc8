/**
 * Has diagrams drawn once their source is complete and comes near what the reader sees; nothing of that is loaded
 * before. Draws them again when the page becomes dark or light. Made in page/app-context.ts, called by the view of code.
 */

import type { DiagramLabels, Drawing } from "./drawing.ts";

export interface Diagrams {
  /** @param figure holds the source, and will hold the drawing. */
  open(figure: HTMLElement, labels: DiagramLabels): Diagram;
}

export interface Diagram {
  /** @param source undefined while it is not complete. */
  show(source: string | undefined): void;
}

export interface DiagramsOptions {
  document: Document;
  isDark(): boolean;
}

const near = "600px 0px";
/** What is near for a shorter time was only passed by: the page is opened at its top, and goes to its end at once. */
const passingMs = 100;

interface Waiting {
  onNear(): void;
  timer?: ReturnType<typeof setTimeout>;
}

export function createDiagrams({ document, isDark }: DiagramsOptions): Diagrams {
  /** Figures that were not near yet, and what to do when they are. */
  const waiting = new WeakMap<Element, Waiting>();
  const drawn = new Map<HTMLElement, Drawing>();
  let loading: Promise<typeof import("./drawing.ts")> | undefined;
  let sight: IntersectionObserver | undefined;

  function watch(): IntersectionObserver {
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return new IntersectionObserver(onSight, { rootMargin: near, scrollMargin: near });
  }

  function onSight(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const figure = waiting.get(target);
      clearTimeout(figure?.timer);
      if (figure !== undefined && isIntersecting) figure.timer = setTimeout(figure.onNear, passingMs);
    }
  }

  function redraw(): void {
    for (const [figure, drawing] of drawn) {
      if (figure.isConnected) drawing.redraw(isDark());
      else drawn.delete(figure);
    }
  }

  async function draw(
    figure: HTMLElement,
    isWanted: () => boolean,
    source: string,
    labels: DiagramLabels,
  ): Promise<void> {
    loading ??= import("./drawing.ts");
    const loaded = await loading.catch(() => (loading = undefined));
    if (loaded === undefined || !isWanted()) return;
    const drawing = loaded.createDrawing(figure, source, labels);
    drawn.set(figure, drawing);
    drawing.redraw(isDark());
  }

  return {
    open(figure, labels) {
      let shown: string | undefined;
      return {
        show(source) {
          if (source === shown) return;
          shown = source;
          drawn.get(figure)?.close();
          drawn.delete(figure);
          clearTimeout(waiting.get(figure)?.timer);
          waiting.delete(figure);
          if (source === undefined || source.trim() === "") return;
          sight ??= watch();
          const onNear = (): void => {
            waiting.delete(figure);
            sight?.unobserve(figure);
            void draw(figure, () => shown === source, source, labels);
          };
          waiting.set(figure, { onNear });
          sight.observe(figure);
        },
      };
    },
  };
}
