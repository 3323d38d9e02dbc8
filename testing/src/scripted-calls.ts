/** Tool calls of the scripted model: `call:<tool>:<JSON without spaces>`, each word of the prompt that begins so is one. Called by scripted-sender.ts. */

export interface ScriptedCall {
  id: string;
  name: string;
  arguments: string;
}

/** @throws {Error} for a call that names no tool: a test with a typo must not pass. */
export function parseCalls(prompt: string): ScriptedCall[] {
  const words = prompt.split(/\s+/u).filter((word) => word.startsWith("call:"));
  return words.map((word, index) => {
    const match = /^call:([\w-]+):(.*)$/u.exec(word);
    if (match?.[1] === undefined || match[2] === undefined)
      throw new Error(`Directive "call" names no tool: "${word}"`);
    return { id: `call_${index}_${match[1]}`, name: match[1], arguments: match[2] };
  });
}
