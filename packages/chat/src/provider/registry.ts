/** All providers under one roof: their models in one list, and `provider/model` -> who answers. Called by routes and generation/. */
import type { Model, ModelList } from "../protocol.ts";
import { createImageModels } from "./image-models.ts";
import type { ListedModel, Provider } from "./provider.ts";

export interface ProviderRegistryOptions {
  /** In the order of their models in the list; language models before the guide. */
  providers: readonly Provider[];
  /** `TYPEBAR_MODEL`: `provider/model`, or a bare model of the first provider. @defaultValue the list's first */
  defaultModel?: string | undefined;
  /** `TYPEBAR_IMAGE_MODELS`: which models can be shown images. @defaultValue told by their names */
  imageModels?: readonly string[];
  /** How long a provider's list is kept. @defaultValue 60000 */
  cacheMs?: number;
  /** How long a provider's failure is kept, during which its last list is shown. @defaultValue 5000 */
  failureCacheMs?: number;
  /** How long a provider may take to list its models. @defaultValue 5000 */
  timeoutMs?: number;
  /** Milliseconds on any steady clock. @defaultValue performance.now */
  now?: () => number;
}

export interface ResolvedModel {
  provider: Provider;
  /** The model's name without the provider's prefix. */
  model: string;
}

export interface ProviderRegistry {
  /**
   * Every model that can be chosen. A provider that fails is missing, or shown as it was last seen.
   * `default` is empty if there is no model at all, or only the guide because a provider failed.
   *
   * @throws the reason of `signal` once it is aborted
   */
  list(signal: AbortSignal): Promise<ModelList>;
  /** A model need not be listed, since lists are often incomplete; its provider must be known. */
  resolve(id: string): ResolvedModel | undefined;
  /** What a question to a model may hold. */
  inputOf(id: string): ModelInput;
}

export type ModelInput = Pick<Model, "input" | "attachments">;

interface Listing {
  models: Promise<ListedModel[]>;
  freshUntil: number;
  /** It could not be had. */
  failed: boolean;
}

export function createProviderRegistry(options: ProviderRegistryOptions): ProviderRegistry {
  const { providers, cacheMs = 60_000, failureCacheMs = 5_000, timeoutMs = 5_000 } = options;
  const now = options.now ?? (() => performance.now());
  const byName = new Map(providers.map((provider) => [provider.name, provider]));
  const listings = new Map<Provider, Listing>();

  // The caller's signal is not passed on: several callers share one request.
  const imageModels = createImageModels(options.imageModels);

  const inputOf = (id: string): ModelInput => {
    const attachments = resolve(id)?.provider.takesFiles ?? true;
    return { input: attachments && imageModels.has(id) ? ["text", "image"] : ["text"], attachments };
  };

  const toModel = ({ id, name, provider, kind }: ListedModel): Model => {
    const { input, attachments } = inputOf(id);
    return { id, name, provider, kind, input, attachments };
  };

  const listModels = async (provider: Provider): Promise<ListedModel[]> => {
    const known = listings.get(provider);
    if (known !== undefined && now() < known.freshUntil) return known.models;
    const listing: Listing = { models: Promise.resolve([]), freshUntil: now() + cacheMs, failed: false };
    listing.models = provider.listModels(AbortSignal.timeout(timeoutMs)).catch(async () => {
      listing.freshUntil = now() + failureCacheMs;
      listing.failed = true;
      return (await known?.models) ?? [];
    });
    listings.set(provider, listing);
    return listing.models;
  };

  const resolve = (id: string): ResolvedModel | undefined => {
    const slash = id.indexOf("/");
    const provider = byName.get(id.slice(0, slash));
    const model = id.slice(slash + 1);
    return slash < 1 || provider === undefined || model === "" ? undefined : { provider, model };
  };

  const findDefault = (models: readonly ListedModel[]): string => {
    const wanted = options.defaultModel;
    const first = providers[0];
    if (wanted === undefined || first === undefined) {
      const model = models.find(({ kind }) => kind === "language-model") ?? models[0];
      // Whoever connected a model does not want the guide in its place while it is away.
      const away = [...listings.values()].some(({ failed }) => failed);
      return model === undefined || (model.kind === "guide" && away) ? "" : model.id;
    }
    return resolve(wanted) === undefined ? `${first.name}/${wanted}` : wanted;
  };

  // A configured model may be missing from its provider's list, or the list could not be had.
  const withDefault = (models: ListedModel[], id: string): ListedModel[] => {
    const resolved = resolve(id);
    if (resolved === undefined || models.some((model) => model.id === id)) return models;
    const { provider, model: name } = resolved;
    return [{ id, name, provider: provider.name, kind: "language-model" }, ...models];
  };

  return {
    list: async (signal) => {
      signal.throwIfAborted();
      const all = Promise.all(providers.map(async (provider) => listModels(provider)));
      const models = (await raceAbort(all, signal)).flat();
      const id = findDefault(models);
      const shown = withDefault(models, id).map(toModel);
      return { models: shown, default: id };
    },
    resolve,
    inputOf,
  };
}

async function raceAbort<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
