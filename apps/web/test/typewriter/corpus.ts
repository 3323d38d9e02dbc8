/** Markdown as models write it, and as they should not. Read by the tests of the renderer. */
export const corpus: Record<string, string> = {
  prose:
    "Hello **world**, this is *fine* and ***both***. `code` here.\n\nSecond paragraph with ~~strike~~\nand a soft break.  \nHard break.\n",
  headings: "# One\n\nText\n## Two\nSetext\n===\n\nUnder\n---\n\n---\n\n***\n\n- - -\n\nEnd",
  lists:
    "- a\n- b\n  - nested **bold**\n  - more\n\n    para in item\n- c\n\n1. one\n2. two\n\n   ```js\n   const x = 1;\n   ```\n3. three\n\n- [ ] open\n- [x] done\n* other list\n+ third\n",
  code: "Before\n\n```ts\nconst a: string = `x`;\n// ``` not the end\nif (a) {\n\n  b();\n}\n```\n\nAfter\n\n~~~\ntilde\n```\nstill\n~~~\n\n    indented\n\n    more\n\ntext\n",
  openCode: "Look:\n\n```python\ndef f(x):\n    return x | 1\n| a | b |\n- no list\n",
  table:
    "Intro\n\n| Name | 数量 | C |\n|:-----|-----:|:-:|\n| a `x|y` | 1 | **b** |\n| long | 22 |\n\nafter | not table\n\n| lonely header |\nthen text\n",
  cjk: "你好，**世界**。这是一段中文文字，包含`代码`和[链接](https://example.com/路径)。\n\n- 第一项\n- 第二项：**重点**内容\n\n> 引用：不要丢失位置。\n> 第二行\n\n1. 步骤一\n2. 步骤二\n",
  emoji: "Family 👨‍👩‍👧‍👦 and flags 🇨🇳🇩🇪, skin 👍🏽, é and ก็ too. **👩‍💻 bold**\n",
  links:
    'See [docs](https://a.example/x_(y) "Title") and <https://b.example/> or https://c.example/path?a=1&b=2. Not [this](javascript:alert(1)) nor [that](data:text/html,x). [mail](mailto:a@b.example)\n',
  references:
    'As [said][1] and [Later] and [1].\n\nPara two [later].\n\n- item [1]\n\n[1]: https://one.example "One"\n\nMore.\n\n[later]: <https://later.example>\n[later]: https://second.example\n',
  images:
    'Look ![cat](https://pics.example/cat.png "t") here\n\n![](https://x.example/a.png)\n\n![bad](javascript:x)\n',
  html: "<script>alert(1)</script>\n\n<b onclick=x>no</b> a < b & c &amp; d &lt;\n\n<img src=x onerror=alert(1)>\n",
  quotes: "> a\n> > nested\n> - list\n>   ```\n>   code\n>   ```\nlazy\n\n> b\n",
  arabic: "مرحبا بالعالم\n\nEnglish **then** עברית\n",
  unfinished: "A **bold that never ends and `code and [link](https://a",
  markers: "* * *\n**\n__\n~~~x\n*a_b*c_ 2 * 3 * 4 snake_case_name **“中文”**后 a*b*c **x.**y\n",
  crlf: "one\r\n\r\ntwo\r\n- a\r\n- b\r\n\r\n```\r\nx\r\n```\r\n",
  brackets: "[[[[((((]]]] [a](b [c](d) ![![x](y) array[0] fn(a)[1] [ ] [x]\n",
  numbers: "2024\n12. twelve\n13. thirteen\n\nIn\n1. one\n1986. A year\n",
  looseThenTight: "- a\n\n- b\n- c\n\n\n- d\n\n  e\n\n- f\n",
  blank: "\n\n\n  \n\npara\n\n\n\n",
  tabs: "\tcode\n\n-\titem\n\n\t- deep\n\n>\tquote\n",
  footnotes:
    "Said[^1] and again[^note], not [^none].\n\n[^1]: The *first*.\n    More of it.\n[^note]: Second\n\n    - with a list\n\nAfter.[^1]\n",
  formulas:
    "Inline $a^2 + b^2$ and \\(x_1\\), it costs $5 and $10, not $ 5$.\n\n$$\n\\int_0^1 x\\,dx\n$$\n\n\\[ e = mc^2 \\]\n\nText $$y$$ end.\n\n$$ open\n",
  diagrams:
    "Look:\n\n```mermaid\nflowchart TD\n  A --> B\n\n  B --> C\n```\n\n- ~~~mermaid\n  pie\n  ~~~\n\n```mermaid\nopen\n",
  autolinks: "See www.example.com/a_b, me@mail.example and https://x.example/ü?q=1. README.md, node.js, a@b\n",
  nested:
    "- a\n  1. b\n     > c\n     > - d\n     >\n     >   e\n  2. f\n\n     | x | y |\n     |---|---|\n     | 1 | 2 |\n- g\n\n  ```js\n  const a = 1;\n\n  b();\n  ```\n\n* h\n",
};

/** Long texts, cut in fewer places. */
export const longTexts: Record<string, string> = {
  "one list": Array.from({ length: 400 }, (_, index) => `- item ${index} with **bold** 中文 👩‍💻\n`).join(""),
  "one list, nested": Array.from({ length: 200 }, (_, index) => `${"  ".repeat(index % 4)}- item ${index}\n`).join(""),
  "one table": `| a | 数量 |\n|---|--:|\n${Array.from({ length: 200 }, (_, index) => `| \`${index}\` | **${index}** |\n`).join("")}`,
  "one listing": `\`\`\`ts\n${Array.from({ length: 300 }, (_, index) => `const a${index} = ${index}; // 注释\n`).join("")}\`\`\`\n`,
  "one paragraph": "Words **and** more `words`, 一些中文。 ".repeat(200),
  "one quotation": Array.from(
    { length: 150 },
    (_, index) => `> line ${index} of *it*\n${index % 7 === 0 ? ">\n" : ""}`,
  ).join(""),
  "many definitions": `${Array.from({ length: 150 }, (_, index) => `See [a${index}].`).join("\n\n")}\n\n${Array.from({ length: 150 }, (_, index) => `[a${index}]: https://x.example/${index}`).join("\n")}\n`,
  everything: Object.values(corpus).join("\n\n"),
};
