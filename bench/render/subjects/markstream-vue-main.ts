import MarkdownRender from "markstream-vue";
import "markstream-vue/index.css";
import { createApp, h, shallowRef } from "vue";
import type { MountSubject } from "../subject.ts";

const mountSubject: MountSubject = (container) => {
  const content = shallowRef("");
  createApp({ render: () => h(MarkdownRender, { content: content.value }) }).mount(container);
  const show = (text: string): void => void (content.value = text);
  return { receive: show, end: show };
};
Object.assign(globalThis, { mountSubject });
