import { openTypebarProcess } from "@typebar/testing";
import { expect, it } from "vitest";

it("takes empty variables for unset ones, as a compose file leaves them", async () => {
  await using server = await openTypebarProcess({
    env: {
      OPENAI_BASE_URL: "",
      OPENAI_API_KEY: "",
      ANTHROPIC_API_KEY: "",
      GOOGLE_GENERATIVE_AI_API_KEY: "",
      TYPEBAR_PASSWORD: "",
    },
  });
  const models = (await (await fetch(`${server.url}/api/models`)).json()) as { default: string };
  expect(models.default).toBe("typebar/guide");
});
