import { describe, expect, test } from "vitest";
import { createImageModels } from "../../src/provider/image-models.ts";

const sighted = [
  "openai/gpt-4o-mini",
  "openai/gpt-4.1",
  "openai/gpt-5.2",
  "openai/o4-mini",
  "anthropic/claude-sonnet-4-5",
  "anthropic/claude-3-haiku-20240307",
  "google/gemini-2.5-flash",
  "ollama/llava:13b",
  "ollama/qwen2.5vl:7b",
  "ollama/gemma3:4b",
  "qwen/qwen-vl-max",
  "qwen/qwen3-vl-plus",
  "vllm/Qwen/Qwen2-VL-7B-Instruct",
  "openrouter/openai/gpt-4o",
  "openrouter/anthropic/claude-sonnet-4",
  "mistral/pixtral-12b",
];
const blind = [
  "openai/gpt-3.5-turbo",
  "openai/gpt-4",
  "openai/o1-mini",
  "openai/o3-mini",
  "anthropic/claude-2.1",
  "ollama/llama3.1:8b",
  "ollama/qwen2.5:7b",
  "ollama/gemma3:1b",
  "ollama/gemma2:9b",
  "deepseek/deepseek-chat",
  "scripted/one",
];

describe("which models can be shown images", () => {
  const models = createImageModels();
  test.each(sighted)("%s can", (id) => expect(models.has(id)).toBe(true));
  test.each(blind)("%s cannot", (id) => expect(models.has(id)).toBe(false));

  test("is what the configuration says, where it says something", () => {
    const chosen = createImageModels(["ollama/*-eyes", "special.model"]);
    expect(chosen.has("ollama/llama-eyes")).toBe(true);
    expect(chosen.has("vllm/special.model")).toBe(true);
    expect(chosen.has("vllm/specialxmodel")).toBe(false);
    expect(chosen.has("openai/gpt-4o")).toBe(false);
  });
});
