/** A small dictionary of texts: Chinese is the source, English has the same shape (checked by the compiler). */
import { computed, ref, shallowReactive } from 'vue'
import { en } from './en'
import type { Same } from './shape'
import { zh } from './zh'

export type Lang = 'zh' | 'en'
export type Dictionary = Same<typeof zh>

const dictionaries: Record<Lang, Dictionary> = { zh, en }
const KEY = 'bihuan.console.lang'

function initial(): Lang {
  const wanted = localStorage.getItem(KEY)
  return wanted === 'en' || wanted === 'zh' ? wanted : 'zh'
}

export const lang = ref<Lang>(initial())

/** The texts in the reader's language; reactive, so that a switch shows at once. */
export const t: Dictionary = shallowReactive<Dictionary>({ ...dictionaries[lang.value] })

export const isChinese = computed(() => lang.value === 'zh')

export function setLang(next: Lang): void {
  lang.value = next
  localStorage.setItem(KEY, next)
  Object.assign(t, dictionaries[next])
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en'
}

/** The text of a code that the platform sent, or the code itself when it is a new one. */
export function named(names: Record<string, string>, code: string | null | undefined): string {
  if (!code) return ''
  return names[code] ?? code
}
