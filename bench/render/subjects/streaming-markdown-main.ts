import { default_renderer, parser, parser_end, parser_write } from "streaming-markdown";
import type { MountSubject } from "../subject.ts";

const mountSubject: MountSubject = (container) => {
  const state = parser(default_renderer(container));
  let length = 0;
  const write = (text: string): void => {
    parser_write(state, text.slice(length));
    ({ length } = text);
  };
  return {
    receive: write,
    end(text) {
      write(text);
      parser_end(state);
    },
  };
};
Object.assign(globalThis, { mountSubject });
