/** The whole page. */
import { createChatClient, createWebStorage, textOf } from "@typebar/chat-client";
import { useChat } from "@typebar/chat-client/react";
import { StrictMode, useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

// The storage keeps the place in a running answer: a reloaded page reads only what is new.
const client = createChatClient({ storage: createWebStorage("session") });
// The conversation's ID stands in the address, so that a refresh, or another device, comes back to it.
const conversationId = new URLSearchParams(location.search).get("chat");

function ChatPage() {
  const { state, send, stop, takeReturned } = useChat({ client, conversationId });
  const [text, setText] = useState("");

  useEffect(() => {
    if (state.conversationId !== null) history.replaceState(null, "", `?chat=${state.conversationId}`);
  }, [state.conversationId]);

  async function ask() {
    setText("");
    await send(text);
    // What the server did not take comes back to be sent again.
    const returned = takeReturned();
    setText((written) => written || returned);
  }

  return (
    <>
      {state.messages.map((message) => (
        <Message key={message.key} message={message} />
      ))}
      {state.refusal && <p role="alert">{state.refusal}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <input aria-label="Message" value={text} onChange={(event) => setText(event.target.value)} />
        {state.busy ? (
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

function Message({ message }) {
  if (message.role === "user") return <p className="message user">{message.text}</p>;
  const failure = message.answer.errorText || message.problem;
  return (
    <>
      <p className="message assistant">{textOf(message.answer)}</p>
      {failure && <p role="alert">{failure}</p>}
    </>
  );
}

createRoot(document.querySelector("#app")).render(
  <StrictMode>
    <ChatPage />
  </StrictMode>,
);
