import { marked } from "marked";
import type { MountSubject } from "../subject.ts";

const mountSubject: MountSubject = (container) => {
  const show = (text: string): void => void (container.innerHTML = marked.parse(text, { async: false }));
  return { receive: show, end: show };
};
Object.assign(globalThis, { mountSubject });
