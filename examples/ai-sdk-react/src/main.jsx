/** The whole page. */
import { Chat, useChat } from "@ai-sdk/react";
import { createTypebarTransport } from "@typebar/ai-sdk";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { readChatId } from "./chat-id.js";

const id = readChatId();
const transport = createTypebarTransport();
// Made outside of the component: one that goes away must not stop the answer.
const chat = new Chat({ id, transport, messages: await transport.readMessages(id) });

function ChatPage() {
  const { messages, status, error, sendMessage, stop } = useChat({ chat, resume: true });
  const [text, setText] = useState("");
  const isAnswering = status === "submitted" || status === "streaming";

  function submit(event) {
    event.preventDefault();
    void sendMessage({ text });
    setText("");
  }

  return (
    <>
      {messages.map((message) => (
        <p key={message.id} className={`message ${message.role}`}>
          {message.parts.map((part) => (part.type === "text" ? part.text : "")).join("")}
        </p>
      ))}
      {error && <p role="alert">{error.message}</p>}
      <form onSubmit={submit}>
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        {isAnswering ? (
          <button type="button" onClick={() => void stop()}>
            Stop
          </button>
        ) : (
          <button disabled={text.trim() === ""}>Send</button>
        )}
      </form>
    </>
  );
}

createRoot(document.querySelector("#app")).render(
  <StrictMode>
    <ChatPage />
  </StrictMode>,
);
