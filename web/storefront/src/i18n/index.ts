import { ref } from 'vue'

import { en } from './en'
import { zh } from './zh'

export type Locale = 'zh' | 'en'
export type MessageKey = keyof typeof zh

const STORAGE_KEY = 'bihuan.locale'

/** The shopper's language; Chinese until they choose another. */
export const locale = ref<Locale>(uni.getStorageSync(STORAGE_KEY) === 'en' ? 'en' : 'zh')

export function setLocale(value: Locale): void {
  locale.value = value
  uni.setStorageSync(STORAGE_KEY, value)
}

/** The text for a key in the shopper's language, `{name}` replaced from `values`. */
export function t(key: MessageKey, values: Record<string, string | number> = {}): string {
  const text: string = (locale.value === 'en' ? en : zh)[key]
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole))
}
