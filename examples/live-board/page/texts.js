/** The page's words, in English or Chinese, as the browser prefers. Used by main.js. */

const english = {
  title: "Live board",
  simulated: "Simulated data",
  soldToday: "Sold today",
  takings: (amount) => `${amount} taken`,
  lastMinute: (count) => `${count} in the last minute`,
  online: "People online",
  onlineNote: "Each open window counts: open another.",
  sinceStart: (percent) => `${percent} on this chart`,
  journal: "Connection",
  connecting: "connecting…",
  live: "live",
  reconnecting: "reconnecting…",
  connected: "Connected.",
  lost: "Connection lost; reconnecting by itself.",
  back: (duration) => `Back after ${duration}.`,
  reset: "The server's history is a new one: the lines have a gap, the totals are right.",
};

/** @type {typeof english} */
const chinese = {
  title: "实时看板",
  simulated: "模拟数据",
  soldToday: "今日售出",
  takings: (amount) => `销售额 ${amount}`,
  lastMinute: (count) => `最近一分钟 ${count} 件`,
  online: "在线人数",
  onlineNote: "每个打开的窗口计一人：再打开一个看看。",
  sinceStart: (percent) => `图中变化 ${percent}`,
  journal: "连接",
  connecting: "正在连接…",
  live: "实时",
  reconnecting: "正在重新连接…",
  connected: "已连接。",
  lost: "连接已断开，正在自动重连。",
  back: (duration) => `${duration}后恢复。`,
  reset: "服务器的历史是全新的：曲线有一段空白，总数仍然正确。",
};

const isChinese = /^zh\b/i.test(navigator.language);
export const language = isChinese ? "zh-CN" : navigator.language;
export const texts = isChinese ? chinese : english;

document.documentElement.lang = isChinese ? "zh-CN" : "en";
document.title = texts.title;
for (const element of document.querySelectorAll("[data-text]")) element.textContent = texts[element.dataset.text];
