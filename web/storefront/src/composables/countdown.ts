import { computed, onUnmounted, ref, type ComputedRef } from 'vue'

/** Seconds until a time of the API, counted on the page; 0 when it has passed, null when there is none. */
export function useCountdown(until: () => string | null | undefined): ComputedRef<number | null> {
  const now = ref(Date.now())
  const timer = setInterval(() => (now.value = Date.now()), 1000)
  onUnmounted(() => clearInterval(timer))
  return computed(() => {
    const at = until()
    return at ? Math.max(0, Math.ceil((new Date(at).getTime() - now.value) / 1000)) : null
  })
}
