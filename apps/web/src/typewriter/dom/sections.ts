/**
 * The blocks of a text in sections of ten: a browser need not lay out a finished section that is out of sight. It takes
 * the size that it remembers then; so the class comes late, with the last block of the next section. Ten sections stand in a chapter, so that a frame
 * does not even have to walk over all sections of a long text. Used by renderer.ts.
 */

import type { Block } from "../blocks/block.ts";
import { createChildViews } from "./child-views.ts";
import type { ViewContext } from "./view.ts";

export interface Sections {
  show(document: Block, lineCount: number): void;
  restart(): void;
}

const blocksPerSection = 10;
const sectionsPerChapter = 10;

export function createSections(container: HTMLElement, context: ViewContext): Sections {
  const chapters: HTMLElement[] = [];
  const sections: HTMLElement[] = [];
  let finished = 0;

  function chapterAt(place: number): HTMLElement {
    const existing = chapters[place];
    if (existing !== undefined) return existing;
    const made = context.document.createElement("div");
    made.className = "chapter";
    container.append(made);
    chapters.push(made);
    return made;
  }

  function sectionAt(place: number): HTMLElement {
    const existing = sections[place];
    if (existing !== undefined) return existing;
    const made = context.document.createElement("section");
    chapterAt(Math.floor(place / sectionsPerChapter)).append(made);
    sections.push(made);
    return made;
  }

  const views = createChildViews((index) => sectionAt(Math.floor(index / blocksPerSection)), context);

  return {
    show(document, lineCount) {
      views.show(document, lineCount);
      while (sections.at(-1)?.childElementCount === 0) sections.pop()?.remove();
      while (chapters.at(-1)?.childElementCount === 0) chapters.pop()?.remove();
      for (; (finished + 2) * blocksPerSection <= views.finished; finished += 1) {
        sections[finished]?.classList.add("finished");
      }
    },
    restart() {
      finished = 0;
      for (const section of sections) section.removeAttribute("class");
      views.restart();
    },
  };
}
