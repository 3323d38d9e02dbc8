/** Which models can be shown images, by their names: no list of models says so. Called by registry.ts. */

/** Of services whose models are known by what they document. */
const hosted: Readonly<Record<string, RegExp>> = {
  anthropic: /^claude-(?!2|instant)/u,
  google: /^(gemini-|gemma-3)/u,
  openai: /^(gpt-4o|gpt-4\.1|gpt-4-turbo|gpt-4-vision|gpt-[5-9]|chatgpt-4o|o1(?!-mini|-preview)|o3(?!-mini)|o4)/u,
};

/** Of any other server: words in the names under which such models are published. */
const anywhere: readonly RegExp[] = [
  /\bvl\b|vl[-:]?\d|-vl|qvq/u,
  /vision|llava|bakllava|moondream|minicpm-v|minicpm-o|internvl|cogvlm|glm-4(\.\d)?v|pixtral|molmo|smolvlm|omni/u,
  /gemma-?3(?!n|:270m|:1b|-270m|-1b)|llama-?4|llama-?3\.2-(11b|90b)|mistral-small-?3\.[12]|granite-?3\.2-vision/u,
  /(^|\/)(gpt-4o|gpt-4\.1|gpt-5|claude-(3|sonnet|opus|haiku)|gemini-|grok-4|grok-2-vision)/u,
];

export interface ImageModels {
  /** @param id `provider/model` */
  has(id: string): boolean;
}

/**
 * @param globs `TYPEBAR_IMAGE_MODELS`: `provider/model` or a model alone, `*` for any characters. Where it is given it decides, and the names do not.
 */
export function createImageModels(globs: readonly string[] = []): ImageModels {
  const patterns = globs.map(toPattern);
  return {
    has(id) {
      const slash = id.indexOf("/");
      const provider = id.slice(0, slash);
      const model = id.slice(slash + 1).toLowerCase();
      if (patterns.length > 0) return patterns.some((pattern) => pattern.test(id) || pattern.test(model));
      const known = hosted[provider];
      return known ? known.test(model) : anywhere.some((pattern) => pattern.test(model));
    },
  };
}

function toPattern(glob: string): RegExp {
  const parts = glob.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/gu, String.raw`\$&`));
  return new RegExp(`^${parts.join(".*")}$`, "iu");
}
