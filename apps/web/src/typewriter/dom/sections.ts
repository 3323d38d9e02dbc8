/**
 * The blocks of a text in sections of ten. Ten sections stand in a chapter, so that a frame does not even have to walk over
 * all sections of a long text. Used by renderer.ts.
 */

import { createGroups } from "./groups.ts";
import type { Groups } from "./groups.ts";

const blocksPerSection = 10;
const sectionsPerChapter = 10;

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
      chapters.settle(Math.ceil(count / blocksPerSection), 0);
    },
  };
}
