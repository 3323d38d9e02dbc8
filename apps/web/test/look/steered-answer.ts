/** An answer that a test says piece by piece, and ends when it wants to. Its chunks are a scripted server's. */

export interface SteeredAnswer {
  readonly chunks: AsyncIterable<string>;
  say(text: string): void;
  end(): void;
}

export function createSteeredAnswer(): SteeredAnswer {
  const said: string[] = [];
  let ended = false;
  let wake: (() => void) | undefined;

  async function* speak(): AsyncGenerator<string, void> {
    for (;;) {
      const next = said.shift();
      if (next !== undefined) yield next;
      else if (ended) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    chunks: speak(),
    say(text) {
      said.push(text);
      wake?.();
    },
    end() {
      ended = true;
      wake?.();
    },
  };
}
