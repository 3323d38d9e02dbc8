/** Told what becomes of the generations that this process works on: numbers and names, never text. Called by generations and produce; written by the program. */
import type { EndMetadata } from "../protocol.ts";

export interface GenerationWork {
  generationId: string;
  conversationId: string;
  /** `provider/model`. */
  model: string;
  /** Another process began it. */
  takeover: boolean;
  /** Of the request that asked for it; `undefined` where none did. */
  requestId: string | undefined;
}

/** Must not throw. */
export interface WorkObserver {
  /** The model is asked; again after it asked to wait, and when it is to go on in another way. */
  asked(): void;
  /** The model said something. Called once a part, tens of thousands of times a second: it must be cheap. */
  spoke(): void;
  /** It is over in this process. Without an end it is left to whoever comes next. Called once, and last. */
  ended(end: EndMetadata | undefined): void;
}

export interface GenerationObserver {
  /** This process takes a generation up. Must not throw. */
  begun(work: GenerationWork): WorkObserver;
}

/** Tells all observers as one. */
export function beginWork(observers: readonly GenerationObserver[], work: GenerationWork): WorkObserver {
  const told = observers.map((observer) => observer.begun(work));
  return {
    asked() {
      for (const one of told) one.asked();
    },
    spoke() {
      for (const one of told) one.spoke();
    },
    ended(end) {
      for (const one of told) one.ended(end);
    },
  };
}
