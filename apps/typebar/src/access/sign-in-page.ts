/** The one-field sign-in page as HTML, in English and Chinese. Rendered by sign-in.ts. */
interface Texts {
  title: string;
  password: string;
  submit: string;
  wrong: string;
  wait: (seconds: number) => string;
}

export type Language = "en" | "zh";

const texts: Record<Language, Texts> = {
  en: {
    title: "Sign in to Typebar",
    password: "Password",
    submit: "Sign in",
    wrong: "That is not the password.",
    wait: (seconds) => `Too many wrong passwords. Try again in ${seconds} s.`,
  },
  zh: {
    title: "登录 Typebar",
    password: "密码",
    submit: "登录",
    wrong: "密码不正确。",
    wait: (seconds) => `密码错误次数过多，请在 ${seconds} 秒后重试。`,
  },
};

export type SignInMessage = { type: "none" } | { type: "wrong" } | { type: "wait"; seconds: number };

/** `action` is put into an attribute as it is: the caller gives only paths that it made itself. */
export function renderSignInPage(language: Language, action: string, message: SignInMessage): string {
  const text = texts[language];
  const alert = toAlert(text, message);
  return `<!doctype html>
<html lang="${language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text.title}</title>
<link rel="stylesheet" href="/sign-in.css">
<main>
<h1>${text.title}</h1>
<form method="post" action="${action}">
<label for="password">${text.password}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
${alert === "" ? "" : `<p role="alert">${alert}</p>\n`}<button>${text.submit}</button>
</form>
</main>
</html>
`;
}

function toAlert(text: Texts, message: SignInMessage): string {
  switch (message.type) {
    case "none":
      return "";
    case "wrong":
      return text.wrong;
    case "wait":
      return text.wait(message.seconds);
  }
}

/** The first of our languages by the weights of `Accept-Language`; English if it names neither. */
export function chooseLanguage(acceptLanguage: string | undefined): Language {
  const ranked = (acceptLanguage ?? "")
    .split(",")
    .map((entry) => {
      const [tag = "", ...parameters] = entry.trim().toLowerCase().split(";");
      const weight = parameters
        .map((parameter) => /^\s*q=([\d.]+)$/.exec(parameter)?.[1])
        .find((found) => found !== undefined);
      return { language: tag.split("-")[0], weight: weight === undefined ? 1 : Number(weight) };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  const first = ranked.find(({ language }) => language === "en" || language === "zh");
  return first?.language === "zh" ? "zh" : "en";
}

/** In the colours of the page that it leads to. */
export const signInCss = `:root {
  color-scheme: light dark;
  --paper: light-dark(#fff, #17181a); --ink: light-dark(#1d1d1b, #e9e9e7); --field: light-dark(#fff, #1f2023);
  --edge: light-dark(#8c8b86, #7d8086); --accent: light-dark(#2266a8, #82b4ea); --alarm: light-dark(#b3261e, #f2a29b);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Noto Sans SC", "Microsoft YaHei", sans-serif;
}
body { margin: 0; color: var(--ink); background: var(--paper); min-height: 100dvh; display: grid; place-items: center; }
main { box-sizing: border-box; width: min(20rem, 100%); padding: 1.5rem 0; }
@media (width < 23rem) { main { padding-inline: 1.5rem; } }
h1 { font-size: 1.375rem; font-weight: 600; letter-spacing: -0.01em; margin: 0 0 1.5rem; }
form { display: grid; gap: 0.5rem; }
label { font-size: 0.875rem; }
input, button { font: inherit; box-sizing: border-box; min-height: 2.75rem; padding: 0 1rem; border-radius: 1.375rem; }
input { color: inherit; background: var(--field); border: 1px solid var(--edge); }
button { margin-top: 0.5rem; border: 1px solid var(--ink); background: var(--ink); color: var(--paper); cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
p { margin: 0; font-size: 0.875rem; color: var(--alarm); }
`;
