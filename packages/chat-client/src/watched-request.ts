/** A request whose body can be watched while it goes out: fetch does not tell, XMLHttpRequest does. Called by api.ts. */

export interface WatchedRequest {
  method: string;
  headers: Headers;
  body: Blob;
  signal: AbortSignal | undefined;
  onProgress: (sentBytes: number) => void;
}

/** Settles as `fetch` would. */
export function sendWatched(url: string, watched: WatchedRequest): Promise<Response> {
  const { method, headers, body, signal, onProgress } = watched;
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    signal?.addEventListener("abort", abort);
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("load", () => resolve(new Response(request.responseText, { status: request.status })));
    request.addEventListener("error", () => reject(new TypeError("The request failed")));
    request.addEventListener("abort", () => reject(signal?.reason));
    request.addEventListener("loadend", () => signal?.removeEventListener("abort", abort));
    request.open(method, url);
    headers.forEach((value, name) => request.setRequestHeader(name, value));
    request.send(body);
  });
}
