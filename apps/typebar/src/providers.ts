/** Configuration -> who answers: configured providers, model servers found on this machine, the guide. Called by server.ts. */
import {
  createConfiguredProviders,
  createGuideProvider,
  discoverLoopbackProviders,
  type Provider,
  usualLoopbackServers,
} from "@typebar/chat";
import type { Config } from "./config/load-config.ts";

export interface FoundProviders {
  /** In the order in which they are preferred; the guide is last. */
  providers: Provider[];
  /** Whether only the guide answers. */
  onlyGuide: boolean;
}

export async function findProviders(config: Config, docsDir: string): Promise<FoundProviders> {
  const configured = createConfiguredProviders(config);
  const ports = config.discoverPorts.map(
    (port) => usualLoopbackServers.find((server) => server.port === port) ?? { name: `local-${port}`, port },
  );
  const discovered = await discoverLoopbackProviders({ ports });
  const models = [...configured, ...discovered.filter(({ name }) => configured.every((other) => other.name !== name))];
  return { providers: [...models, createGuideProvider({ docsDir })], onlyGuide: models.length === 0 };
}
