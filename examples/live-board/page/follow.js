/** The one connection to the server, with the browser's own EventSource. Used by main.js. */

/** The board tells something every second: after so much silence the network is gone, though nothing said so. */
const silenceMs = 10_000;
const retryMs = 2000;

/**
 * @param {string} url
 * @param {Record<string, (data: any) => void>} listeners By the event's name.
 * @param {() => void} onLost Called when the connection is lost, and at every attempt that fails.
 */
export function follow(url, listeners, onLost) {
  let lastEventId = "";
  let heardMs = performance.now();
  /** @type {EventSource} */
  let source;

  function open() {
    heardMs = performance.now();
    source = new EventSource(lastEventId === "" ? url : `${url}?lastEventId=${encodeURIComponent(lastEventId)}`);
    for (const [name, listener] of Object.entries(listeners)) {
      source.addEventListener(name, (event) => {
        heardMs = performance.now();
        lastEventId = event.lastEventId || lastEventId;
        listener(JSON.parse(event.data));
      });
    }
    source.addEventListener("error", () => {
      onLost();
      // It comes back by itself, save after an answer that is no event stream: a proxy's, while the server restarts.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, retryMs);
    });
  }

  open();
  setInterval(() => {
    if (source.readyState === EventSource.CLOSED || performance.now() - heardMs < silenceMs) return;
    source.close();
    onLost();
    open();
  }, 1000);
}
