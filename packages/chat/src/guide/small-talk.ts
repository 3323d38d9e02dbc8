/** Questions without a word to look up: greetings, thanks, and what all of this is. Called by answer.ts before the search. */

const greetings = new Set(
  (
    "hi|hello|hey|hello there|hi there|hey there|good morning|good afternoon|good evening|help|help me|howdy|yo|start|test|" +
    "what can you do|what can you do for me|what can i ask|what can i ask you|what do you do|who are you|what are you|how can you help|how can you help me|how are you|" +
    "what do you know|what should i ask|how does this work|" +
    "你好|您好|你好呀|你好啊|嗨|哈喽|哈啰|在吗|早上好|上午好|下午好|晚上好|大家好|帮助|帮帮我|测试|你是谁|你是什么|你能做什么|你能干什么|你会什么|你会做什么|" +
    "你可以做什么|你有什么功能|我能问什么|我可以问什么|我能问你什么|能做什么|你能帮我什么|你好吗|你知道什么|该问什么"
  ).split("|"),
);
const thanksWords = new Set(
  "thanks|thank you|thank you very much|thanks a lot|thx|ok thanks|cheers|谢谢|谢谢你|多谢|谢谢您|非常感谢|感谢|谢了".split(
    "|",
  ),
);

/** Asked of `this`, which stands for Typebar's name and whatever else people call it. */
const aboutQuestions = new Set(
  (
    "what is this|what s this|whats this|what this is|what exactly is this|what is this for|what s this for|what is this about|what does this do|what is the purpose of this|" +
    "what am i looking at|what kind of this is this|tell me about this|tell me more about this|explain this|explain what this is|describe this|about this|where am i|" +
    "这是什么|这到底是什么|这是啥|这是个啥|这啥|这是什么这|什么是这|这是干什么的|这是干什么用的|这是干嘛的|这是做什么的|这是做什么用的|这是用来做什么的|" +
    "这有什么用|这能干什么|这能干嘛|这能做什么|这可以做什么|介绍这|介绍一下这|请介绍这|请介绍一下这|简单介绍一下这|这的介绍|这是怎么回事"
  ).split("|"),
);
const englishName =
  /\b(?:(?:this|the|that) )?(?:typebar|app|application|thing|page|site|website|web site|web page|program|tool|software|project|service)\b|\b(?:it|that)\b/gu;
const chineseName =
  /(?:(?:这个|那个|这|此|该)?(?:typebar|东西|网站|网页|页面|软件|工具|程序|应用|项目|服务|玩意儿?|系统))|这个|它/gu;

function isAboutQuestion(bare: string): boolean {
  const english = bare.replaceAll(englishName, "this");
  const chinese = bare.replaceAll(" ", "").replaceAll(chineseName, "这");
  return [english, chinese].some((text) => aboutQuestions.has(text.replace(/(?:呀|啊|呢|吗|的呢)$/u, "")));
}

/** Talk that names no page: answered without a search. */
export function smallTalk(question: string): "greeting" | "thanks" | "about" | undefined {
  const words = question
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
  const bare = words.replaceAll("typebar", " ").replaceAll(/ +/gu, " ").trim();
  if (thanksWords.has(bare)) return "thanks";
  if (bare === "" || greetings.has(bare)) return "greeting";
  // "你好，你能做什么？": a greeting, then one of the questions above.
  const greeted = /^(?:hello|hi|hey|你好|您好|嗨) ?(.+)$/u;
  const rest = greeted.exec(bare)?.[1] ?? bare.replaceAll(" ", "");
  if (greetings.has(rest.trim())) return "greeting";
  return isAboutQuestion(greeted.exec(words)?.[1] ?? words) ? "about" : undefined;
}
