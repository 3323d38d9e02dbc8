/** Starts the page, unless browser-check.js found that this browser cannot show it. */

import { createApp as createVueApp, watch } from "vue";
import { createRouter, createWebHistory } from "vue-router";
import AppFrame from "./components/AppFrame.vue";
import ChatPage from "./components/ChatPage.vue";
import { changeLanguage, openWords } from "./i18n/index.ts";
import { registerWorker } from "./offline/register.ts";
import { appKey, createApp } from "./page/app-context.ts";
import "./styles/base.css";
import "./styles/answer.css";

if (!document.documentElement.hasAttribute("data-unsupported")) void start();

async function start(): Promise<void> {
  const app = createApp(window);
  const router = createRouter({
    history: createWebHistory(),
    routes: [
      { path: "/", component: ChatPage },
      { path: "/c/:id", component: ChatPage },
      { path: "/:rest(.*)*", redirect: "/" },
    ],
  });
  // Its messages are on their way while the page is put together.
  const { id } = router.resolve(window.location.pathname).params;
  if (typeof id === "string") void app.threads.open(id).load();
  const words = await openWords(app.preferences.locale.value);
  watch(app.preferences.locale, (locale) => void changeLanguage(words, locale));
  createVueApp(AppFrame).provide(appKey, app).use(words).use(router).mount("#app");
  if (import.meta.env.PROD) registerWorker(window);
}
