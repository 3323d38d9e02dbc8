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

export const signInCss = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; color: CanvasText; background: Canvas; min-height: 100dvh; display: grid; place-items: center; }
main { width: min(20rem, calc(100vw - 3rem)); }
h1 { font-size: 1.25rem; font-weight: 600; margin: 0 0 1.5rem; }
form { display: grid; gap: 0.5rem; }
input, button { font: inherit; padding: 0.625rem 0.75rem; border-radius: 0.5rem; border: 1px solid #8886; }
button { margin-top: 0.5rem; border: 0; background: CanvasText; color: Canvas; cursor: pointer; }
p { margin: 0; color: light-dark(#b3261e, #f2b8b5); }
`;
