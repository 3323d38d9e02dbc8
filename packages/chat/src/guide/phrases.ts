/** What the guide says of its own, in both languages. Used by answer.ts. */
import type { GuideLanguage } from "./language.ts";

export interface GuidePhrases {
  /** First line of an answer from the documentation. */
  label: string;
  greeting: string;
  thanks: string;
  declined: string;
  modelsPageTitle: string;
  suggestedQuestions: readonly string[];
  suggestionsLead: string;
  /** Between a page's title and a section's. */
  titleSeparator: string;
}

export const phrases: Record<GuideLanguage, GuidePhrases> = {
  en: {
    label: "*Typebar's guide, not a language model. From the documentation:*",
    greeting:
      "Hello! I am Typebar's guide, not a language model: I look your question up in Typebar's own documentation and type out what I find.",
    thanks: "You are welcome. Ask me anything else about Typebar.",
    declined:
      "I cannot answer that. I am Typebar's guide, not a language model: I only know Typebar's own documentation, and it says nothing about this.\n\n" +
      "For any other question, connect a real model, then restart Typebar:\n\n" +
      "- start a model server on this machine (Ollama, LM Studio, llama.cpp or vLLM); Typebar finds it by itself, or\n" +
      "- set a key: `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `GOOGLE_GENERATIVE_AI_API_KEY`, or\n" +
      "- set `OPENAI_BASE_URL` for any other OpenAI-compatible server, such as DeepSeek or Qwen.",
    modelsPageTitle: "Connecting a model",
    suggestedQuestions: [
      "How do I connect a model?",
      "What happens to an answer when I refresh the page?",
      "How do I put a password on Typebar?",
    ],
    suggestionsLead: "You could ask:",
    titleSeparator: ": ",
  },
  "zh-CN": {
    label: "*Typebar 指南，不是语言模型。以下内容出自文档：*",
    greeting:
      "你好！我是 Typebar 的指南，不是语言模型：我在 Typebar 自己的文档里查找你的问题，再把找到的内容打给你看。",
    thanks: "不客气。关于 Typebar 的其他问题，随时可以问我。",
    declined:
      "这个问题我回答不了。我是 Typebar 的指南，不是语言模型：我只知道 Typebar 自己的文档，而文档里没有这方面的内容。\n\n" +
      "想问别的问题，请连接一个真正的模型，然后重启 Typebar：\n\n" +
      "- 在本机启动一个模型服务（Ollama、LM Studio、llama.cpp 或 vLLM），Typebar 会自动找到它；或者\n" +
      "- 设置密钥：`OPENAI_API_KEY`、`ANTHROPIC_API_KEY` 或 `GOOGLE_GENERATIVE_AI_API_KEY`；或者\n" +
      "- 其他兼容 OpenAI 接口的服务（如 DeepSeek、通义千问），设置 `OPENAI_BASE_URL`。",
    modelsPageTitle: "连接模型",
    suggestedQuestions: ["怎么连接模型？", "刷新页面后，正在输出的回答会怎样？", "怎么给 Typebar 设置密码？"],
    suggestionsLead: "你可以问：",
    titleSeparator: "：",
  },
};
