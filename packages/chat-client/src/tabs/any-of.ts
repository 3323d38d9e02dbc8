/** Several signals as one: aborted with the first of them. Browsers that have no `AbortSignal.any` are still about. */
export function anyOf(...signals: readonly AbortSignal[]): AbortSignal {
  const any = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) any.abort(signal.reason);
    else signal.addEventListener("abort", () => any.abort(signal.reason), { signal: any.signal });
  }
  return any.signal;
}
