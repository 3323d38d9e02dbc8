/** True once a connection has been lost for a second: shorter breaks are nobody's business. Used by ChatPage.vue. */

import { ref, watch } from "vue";
import type { Ref } from "vue";

const quietMs = 1000;

export function useLostConnection(isLost: () => boolean): Ref<boolean> {
  const lost = ref(false);
  watch(
    isLost,
    (now, _before, onCleanup) => {
      if (!now) {
        lost.value = false;
        return;
      }
      const timer = setTimeout(() => (lost.value = true), quietMs);
      onCleanup(() => clearTimeout(timer));
    },
    { immediate: true },
  );
  return lost;
}
