/** The model that answers when nobody chose one. Listing models may take a provider's time: a start does not wait for it twice. */
import type { ProviderRegistry } from "../provider/registry.ts";

const refreshMs = 60_000;
/** Longer than the registry gives one provider: what the others list is then there. */
const listTimeoutMs = 10_000;

export function createDefaultModel(providers: ProviderRegistry): () => Promise<string | undefined> {
  let known: string | undefined;
  let listedAtMs = 0;

  async function list(): Promise<void> {
    listedAtMs = performance.now();
    const models = await providers.list(AbortSignal.timeout(listTimeoutMs));
    known = models.default === "" ? undefined : models.default;
  }

  return async () => {
    if (known === undefined) await list();
    else if (performance.now() - listedAtMs > refreshMs) list().catch(() => undefined);
    return known;
  };
}
