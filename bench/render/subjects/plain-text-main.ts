import type { MountSubject } from "../subject.ts";

/** The floor: no markdown, one element a line, sections of which those out of sight are not laid out. */
const mountSubject: MountSubject = (container) => {
  const linesPerSection = 40;
  let length = 0;
  let lines = 0;
  let section: HTMLElement | undefined;
  let line: Text | undefined;

  function addLine(): void {
    if (section === undefined || lines % linesPerSection === 0) {
      section?.style.setProperty("content-visibility", "auto");
      section?.style.setProperty("contain-intrinsic-block-size", "auto 800px");
      section = container.appendChild(document.createElement("section"));
    }
    lines += 1;
    line = document.createTextNode("");
    section.appendChild(document.createElement("div")).append(line);
  }

  function show(text: string): void {
    const [first = "", ...others] = text.slice(length).split("\n");
    ({ length } = text);
    if (line === undefined) addLine();
    line?.appendData(first);
    for (const other of others) {
      addLine();
      line?.appendData(other);
    }
  }
  return { receive: show, end: show };
};
Object.assign(globalThis, { mountSubject });
