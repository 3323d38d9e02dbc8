/** A long answer as models write them: prose, lists, code, tables, Chinese. The same for every subject and every run. */

const parts: readonly ((index: number) => string)[] = [
  (index) => `## Part ${index}: what comes next\n\n`,
  (index) =>
    `Here is **paragraph ${index}** with some *emphasis*, a bit of \`inline code\`, and a [link](https://example.com/${index}). It goes on for a few sentences, as answers do. Nothing in it is special, and that is the point of it.\n\n`,
  (index) =>
    `这是第 ${index} 段中文文字，包含**重点**和\`代码\`。它应当逐字出现，不闪烁，也不跳动。流式输出时，浏览器不必重新排版已经完成的部分。\n\n`,
  (index) =>
    `\`\`\`ts\nexport function step${index}(input: readonly number[]): number {\n  // Adds what is even, counts the rest.\n  let sum = 0;\n  for (const value of input) {\n    if (value % 2 === 0) sum += value;\n    else sum += 1;\n  }\n  return sum * ${index};\n}\n\`\`\`\n\n`,
  (index) =>
    `- first point of ${index}\n- second point with **weight**\n  - nested, with \`code\`\n- 第三点：保持位置\n\n`,
  (index) =>
    `| name | value | 说明 |\n|---|--:|---|\n| alpha | ${index} | 第一 |\n| beta | ${index * 2} | **第二** |\n| gamma | ${index * 3} | \`third\` |\n\n`,
  (index) =>
    `1. do this ${index} times\n2. then that\n3. and look whether it worked\n\n> A remark about *${index}*, quoted.\n\n`,
];

export function answerOf(characters: number): string {
  let text = "";
  for (let index = 0; text.length < characters; index += 1) text += parts[index % parts.length]?.(index) ?? "";
  return text.slice(0, characters);
}
