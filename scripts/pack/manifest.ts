/** A workspace's package.json -> the one that is published. Called by stage.ts. */

export interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  exports?: Record<string, Record<string, string>>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  publishConfig?: { access: "public" };
}

/** Only for the repository: leads to sources that are not packed. */
const sourceCondition = "typebar-source";

export function toPublishedManifest(manifest: Manifest): Manifest {
  const { devDependencies: _, exports = {}, ...kept } = manifest;
  const built = Object.entries(exports).map(([path, conditions]) => [path, withoutSource(conditions)]);
  // Scoped packages are private unless they say otherwise.
  return { ...kept, exports: Object.fromEntries(built), publishConfig: { access: "public" } };
}

function withoutSource(conditions: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(conditions).filter(([name]) => name !== sourceCondition));
}
