/** Keeps the last few things made, by name. Called by openai-compatible.ts. */

/** `create` is called again for a name that was pushed out by `limit` newer ones. */
export function createRecentMap<Value>(limit: number, create: (name: string) => Value): (name: string) => Value {
  // In the order of their last use: a Map iterates in the order of insertion.
  const values = new Map<string, Value>();
  return (name) => {
    const value = values.get(name) ?? create(name);
    values.delete(name);
    values.set(name, value);
    const oldest = values.size > limit ? values.keys().next().value : undefined;
    if (oldest !== undefined) values.delete(oldest);
    return value;
  };
}
