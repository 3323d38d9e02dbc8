import { createElement } from "react";
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Streamdown } from "streamdown";
import type { MountSubject } from "../subject.ts";

const mountSubject: MountSubject = (container) => {
  const root = createRoot(container);
  const show = (text: string): void => flushSync(() => root.render(createElement(Streamdown, null, text)));
  return { receive: show, end: show };
};
Object.assign(globalThis, { mountSubject });
