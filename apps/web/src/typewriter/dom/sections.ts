/**
 * The blocks of a text in sections, few in each: what is in sight or not complete is painted anew at each frame. Sections stand
 * in chapters, so that a frame need not walk over, nor watch, all sections of a long text. Used by renderer.ts.
 */

import { createGroups } from "./groups.ts";
import type { Groups } from "./groups.ts";

const blocksPerSection = 4;
const sectionsPerChapter = 8;

export function createSections(container: HTMLElement): Groups {
  const { ownerDocument } = container;
  const chapters = createGroups({
    size: sectionsPerChapter,
    open() {
      const chapter = container.appendChild(ownerDocument.createElement("div"));
      chapter.className = "chapter";
      return chapter;
    },
  });
  const sections = createGroups({
    size: blocksPerSection,
    open: (place) => chapters.at(place).appendChild(ownerDocument.createElement("section")),
  });

  return {
    ...sections,
    settle(count, final) {
      sections.settle(count, final);
      chapters.settle(Math.ceil(count / blocksPerSection), Math.floor(final / blocksPerSection));
    },
    restart() {
      sections.restart();
      chapters.restart();
    },
  };
}
