/**
 * Steps to another branch without moving what the reader looks at: the stepper stays where it is, and keeps the focus.
 * Used by components/TranscriptView.vue.
 */
import { nextTick } from "vue";

export async function keepBranchInPlace(
  scroller: HTMLElement,
  messageId: string,
  step: () => Promise<void>,
): Promise<void> {
  const focused = document.activeElement;
  const wanted = focused instanceof HTMLElement ? (focused.dataset["step"] ?? null) : null;
  const before = focused?.closest('[data-testid="branch"]')?.getBoundingClientRect().top;
  await step();
  await nextTick();
  const message = scroller.querySelector(`[data-message="${CSS.escape(messageId)}"]`);
  const stepper = message?.querySelector('[data-testid="branch"]');
  if (!(stepper instanceof HTMLElement)) return;
  if (before !== undefined) scroller.scrollTop += stepper.getBoundingClientRect().top - before;
  if (wanted === null) return;
  const button =
    stepper.querySelector<HTMLButtonElement>(`[data-step="${wanted}"]:not(:disabled)`) ??
    stepper.querySelector<HTMLButtonElement>("button:not(:disabled)");
  button?.focus({ preventScroll: true });
}
