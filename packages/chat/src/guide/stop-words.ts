/** Words that say nothing about what a question asks. Read by tokens.ts. */
import type { GuideLanguage } from "./language.ts";

const english =
  "a about actually after again all also always am an and any anyone anything are as at be because been before being but by " +
  "can cannot could did didn do does doesn doing don done each else even ever every few for from get gets getting give go goes going " +
  "got had happen happened happens has have having he hello help her here hey hi his how i if in instead into is isn it its just keep know let ll " +
  "like m made make makes many may maybe me mean means might more most much must my need needs no nor not now of off on once one only " +
  "or other our out over own people please possible put re really s same say says see seem seems shall she should show so some somebody someone " +
  "something still such good best better time open cause causes went sure t take tell than thanks that the their them then there these they thing things this those to too " +
  "try trying under until up us use used uses using ve very via want wants was way we well were what whats when where whether " +
  "which while who whom whose why will with without won work works working would yes yet you your typebar";

/** Single characters stand between words of a Chinese question; they are never looked up alone. */
const chinese =
  "的 了 吗 呢 吧 啊 呀 么 嘛 是 有 在 我 你 您 他 她 它 们 这 那 哪 个 些 和 与 或 及 把 被 让 给 对 从 到 向 用 以 于 为 能 会 可 要 想 " +
  "就 都 也 还 又 再 很 太 更 最 不 没 请 问 啥 咋 几 多 少 上 下 里 中 后 前 时 去 来 做 得 着 过 说 看 之 其 而 但 如 若 则 因 所 当 " +
  "一 干 等于 什么 怎么 怎样 怎么样 怎么办 如何 为什么 为何 哪里 哪儿 哪些 哪个 多少 可以 能够 是否 能否 一下 请问 我们 你们 他们 自己 这个 那个 " +
  "这样 那样 一个 一种 如果 因为 所以 但是 或者 还是 以及 然后 的话 时候 之后 以后 之前 东西 事情 知道 告诉 想要 需要 应该 有没有 是不是 " +
  "能不能 会不会 可不可以 要不要 使用 进行 已经 正在 现在 出现 发生 情况 问题 意思 一直 不会 不能 没有 不是 就是 还有 还在 直接 关于 通过 起来 出来 两个 其他 别的 必须 一定";

const stopWords: ReadonlySet<string> = new Set(`${english} ${chinese}`.split(" "));

export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}

/** Turns of phrase taken out before Chinese is cut into words, longest first: the dictionary would divide them. */
const chinesePhrases = [
  "可不可以",
  "是什么意思",
  "怎么样",
  "怎么办",
  "怎么回事",
  "有没有",
  "是不是",
  "能不能",
  "会不会",
  "要不要",
  "为什么",
  "的时候",
  "什么",
  "怎么",
  "如何",
  "请问",
].toSorted((a, b) => b.length - a.length);

export function stopPhrases(language: GuideLanguage): readonly string[] {
  return language === "zh-CN" ? chinesePhrases : [];
}
