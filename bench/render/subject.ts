/** What each subject puts into its page under the name `mountSubject`. */

export interface RenderSubject {
  /** `text` is everything that has come so far. */
  receive(text: string): void;
  end(text: string): void;
}

export type MountSubject = (container: HTMLElement) => RenderSubject;
