/** Begins with what is stored; the page is ChatPage.vue. */
import { createTypebarTransport } from "@typebar/ai-sdk";
import { createApp } from "vue";
import ChatPage from "./ChatPage.vue";
import { readChatId } from "./chat-id.js";

const id = readChatId();
const transport = createTypebarTransport();
const messages = await transport.readMessages(id);

createApp(ChatPage, { id, transport, messages }).mount("#app");
