/** A question -> the whole answer, decided before the first character is typed. Called by guide-provider.ts. */
import type { GuideLanguage } from "./language.ts";
import { phrases } from "./phrases.ts";
import { questionLanguage } from "./question-language.ts";
import type { SearchHit, SearchIndex } from "./search-index.ts";
import type { GuideSection } from "./sections.ts";
import { smallTalk } from "./small-talk.ts";
import { toQueryTerms } from "./tokens.ts";

interface GuideSource {
  sourceId: string;
  /** Below the address that serves the documentation. */
  url: string;
  title: string;
}

export interface GuideAnswer {
  kind: "answer" | "greeting" | "declined";
  text: string;
  sources: GuideSource[];
}

/** Questions the documentation answers cover about two thirds of their terms, others a third: half is not enough. */
const coverageToExceed = 0.5;
/** A second section is added only when it is nearly as good, both are short, and the first does not sum up its page. */
const secondScoreRatio = 0.85;
const shortBodyLength = 900;
const candidates = 6;
const docsRoot = "/docs/";

/** The same question gives the same answer to the byte: continuing relies on it. */
export function composeAnswer(question: string, index: SearchIndex): GuideAnswer {
  const language = questionLanguage(question);
  if (language === undefined) return declinedAnswer("en");
  const talk = smallTalk(question);
  if (talk === "about") {
    const about = index.pageStart(`${language}/what-is-typebar.md`);
    return about === undefined ? declinedAnswer(language) : sectionsAnswer(language, [about]);
  }
  if (talk !== undefined) return talkAnswer(language, talk);
  const terms = toQueryTerms(question, language);
  const hits = index.search(terms, language, candidates);
  const covering = hits.filter(({ coverage }) => coverage > coverageToExceed);
  const first = covering[0];
  if (first === undefined) return declinedAnswer(language);
  const second = covering.find((hit) => hit !== first && isWorthAdding(first, hit));
  return sectionsAnswer(language, second === undefined ? [first.section] : [first.section, second.section]);
}

function isWorthAdding(first: SearchHit, hit: SearchHit): boolean {
  const together = first.section.body.length + hit.section.body.length;
  return (
    first.section.fragment !== "" &&
    hit.score >= first.score * secondScoreRatio &&
    hit.coverage >= first.coverage * 0.9 &&
    together <= shortBodyLength
  );
}

function talkAnswer(language: GuideLanguage, talk: "greeting" | "thanks"): GuideAnswer {
  const { greeting, thanks, suggestionsLead, suggestedQuestions } = phrases[language];
  const list = suggestedQuestions.map((question) => `- ${question}`).join("\n");
  const text = talk === "thanks" ? thanks : `${greeting}\n\n${suggestionsLead}\n\n${list}`;
  return { kind: "greeting", text, sources: [] };
}

function declinedAnswer(language: GuideLanguage): GuideAnswer {
  const { declined, modelsPageTitle } = phrases[language];
  const url = `${docsRoot}${language}/models.md`;
  return { kind: "declined", text: declined, sources: [{ sourceId: url, url, title: modelsPageTitle }] };
}

function sectionsAnswer(language: GuideLanguage, sections: readonly GuideSection[]): GuideAnswer {
  const blocks = sections.map((section) => `### ${section.heading}\n\n${withoutPageLinks(section.body)}`);
  const sources = sections.map((section) => {
    const url = `${docsRoot}${section.path}${section.fragment === "" ? "" : `#${encodeURIComponent(section.fragment)}`}`;
    const title =
      section.fragment === ""
        ? section.pageTitle
        : `${section.pageTitle}${phrases[language].titleSeparator}${section.heading}`;
    return { sourceId: url, url, title };
  });
  return { kind: "answer", text: [phrases[language].label, ...blocks].join("\n\n"), sources };
}

const markdownLink = /(?<!!)\[([^\]\n]+)\]\(([^)\s]+)\)/gu;

/** A link between pages keeps only its words: whoever reads the answer may be anywhere. The sources say where pages are. */
function withoutPageLinks(body: string): string {
  return body.replaceAll(markdownLink, (whole, words: string, target: string) =>
    /^https?:/u.test(target) ? whole : words,
  );
}
