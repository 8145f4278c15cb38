import { ref } from 'vue'

const KEY = 'bihuan.searches'
const KEPT = 10

/** What was searched for lately on this device, newest first. */
export const searches = ref<string[]>((uni.getStorageSync(KEY) as string[]) || [])

export function rememberSearch(text: string): void {
  searches.value = [text, ...searches.value.filter((word) => word !== text)].slice(0, KEPT)
  uni.setStorageSync(KEY, searches.value)
}

export function forgetSearches(): void {
  searches.value = []
  uni.removeStorageSync(KEY)
}
