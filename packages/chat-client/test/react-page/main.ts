/** A page of a few lines over the React hook, driven by react.test.ts in a browser. */
import { createElement, StrictMode, useState } from "react";
import type { ReactElement } from "react";
import { createRoot } from "react-dom/client";
import { createChatClient, createWebStorage, textOf } from "../../src/index.ts";
import { useChat } from "../../src/react/index.ts";

const client = createChatClient({ storage: createWebStorage("session") });

function Page(): ReactElement {
  const [wanted, want] = useState(() => (location.hash === "" ? null : location.hash.slice(1)));
  const { state, send, stop, continue: goOn, regenerate } = useChat({ client, conversationId: wanted });
  const { conversationId } = state;
  if (conversationId !== null && wanted === null && state.busy) {
    location.hash = conversationId;
    want(conversationId);
  }
  const [question, write] = useState("");
  return createElement(
    "main",
    { "data-busy": state.busy, "data-phase": state.phase, "data-conversation": conversationId },
    createElement("input", { value: question, onChange: (event) => write(event.currentTarget.value) }),
    button("send", () => void send(question)),
    button("stop", () => void stop()),
    button("continue", () => void goOn()),
    button("regenerate", () => void regenerate()),
    button("new", () => {
      history.replaceState(null, "", location.pathname);
      want(null);
    }),
    state.messages.map((message) =>
      createElement(
        "pre",
        { key: message.key, className: message.role },
        message.role === "user" ? message.text : textOf(message.answer),
      ),
    ),
  );
}

function button(name: string, onClick: () => void): ReactElement {
  return createElement("button", { id: name, onClick }, name);
}

const root = document.querySelector("#root");
if (root !== null) createRoot(root).render(createElement(StrictMode, null, createElement(Page)));
