/** Asks the server to stop a generation, until it has heard it. Called by transport.ts for aborts and for `stop()`. */
import { createBackoff } from "@typebar/client";
import type { Addresses, TypebarTransportOptions } from "./options.ts";
import { TypebarTransportError } from "./errors.ts";
import type { Send } from "./send.ts";

const maxAttempts = 20;

/**
 * Stops a generation; without its ID, whichever the conversation is answering with.
 *
 * @throws {TypebarTransportError} "rejected".
 * @throws what `fetch` throws, after 20 attempts.
 */
export async function stopGeneration(
  send: Send,
  addresses: Addresses,
  { chatId, generationId }: { chatId: string; generationId: string | undefined },
  backoff: TypebarTransportOptions["backoff"],
): Promise<void> {
  const computeDelayMs = createBackoff(backoff);
  for (let failures = 1; ; failures += 1) {
    try {
      const id = generationId ?? (await findRunning(send, addresses.conversation(chatId)));
      // Nothing runs, or it is gone with its conversation.
      if (id !== undefined) accept(await send(addresses.stop(id), { method: "POST" }));
      return;
    } catch (error) {
      const isFinal = error instanceof TypebarTransportError && !isPassing(error.status);
      if (isFinal || failures === maxAttempts) throw error;
    }
    const delayMs = computeDelayMs({ failures, retryMs: undefined, retryAfterMs: undefined });
    await new Promise((resolve) => setTimeout(resolve, delayMs));
  }
}

async function findRunning(send: Send, url: string): Promise<string | undefined> {
  const response = await send(url, {});
  if (!accept(response)) return undefined;
  const { generationId }: { generationId?: string | null } = await response.json();
  return generationId ?? undefined;
}

/** Whether there is such a thing. @throws {TypebarTransportError} "rejected". */
function accept(response: Response): boolean {
  if (response.ok || response.status === 404) return response.ok;
  throw new TypebarTransportError("rejected", `The server answered ${response.status}`, { status: response.status });
}

function isPassing(status: number | undefined): boolean {
  return status === 429 || (status ?? 0) >= 500;
}
