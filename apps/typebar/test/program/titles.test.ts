/** `TYPEBAR_TITLES` of a real server: whether the model is asked for a title. */
import { openScriptedModel, openTypebarProcess } from "@typebar/testing";
import { expect, test } from "vitest";

test.each([
  ["model", 2],
  ["words", 1],
])("%s asks the model %i times for a first answer", async (titles, expected) => {
  await using model = await openScriptedModel();
  await using typebar = await openTypebarProcess({
    env: { OPENAI_BASE_URL: model.url, TYPEBAR_MODEL: "scripted", TYPEBAR_TITLES: titles },
  });
  const ask = async (message: string): Promise<void> => {
    const answer = await fetch(`${typebar.url}/api/chat`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ message }),
    });
    expect(await answer.text()).toContain("[DONE]");
  };
  await ask("script:plain:5:40");
  if (titles === "model") await expect.poll(() => model.requests.length, { timeout: 10_000 }).toBe(expected);
  // What the first answer asks for has been asked for before a second one is begun, or it never is.
  await ask("script:plain:6:40 deltas:2");
  const asked = model.requests.filter(({ key }) => key.includes("script:plain:5:40"));
  expect(asked).toHaveLength(expected);
});
