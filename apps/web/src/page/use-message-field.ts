/** A field that a message is written in: as high as its text, and what its keys mean. Used by components/ComposerBox.vue and QuestionEditor.vue. */
import { useMediaQuery } from "@vueuse/core";
import { nextTick, onMounted, watch } from "vue";
import type { Ref } from "vue";

export interface MessageField {
  /** Enter begins a new line there, as people who type with their thumbs expect. */
  hasTouchKeyboard: Readonly<Ref<boolean>>;
  /** After something else than its text has changed. */
  fit(): void;
  /** `null`: the key is the field's own, or an input method's. */
  meaningOf(event: KeyboardEvent): "send" | "cancel" | null;
}

export function useMessageField(
  field: Readonly<Ref<HTMLTextAreaElement | null>>,
  text: Readonly<Ref<string>>,
): MessageField {
  const hasTouchKeyboard = useMediaQuery("(hover: none) and (pointer: coarse)");

  function fit(): void {
    const element = field.value;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }

  watch(text, async () => {
    await nextTick();
    fit();
  });
  onMounted(fit);

  return {
    hasTouchKeyboard,
    fit,
    meaningOf(event) {
      // An input method that is composing uses these keys for itself; old ones only tell by the key code.
      if (event.isComposing || event.keyCode === 229) return null;
      if (event.key === "Escape") return "cancel";
      return event.key === "Enter" && !event.shiftKey && !hasTouchKeyboard.value ? "send" : null;
    },
  };
}
