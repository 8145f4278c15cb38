import { ref } from 'vue'

/** What the list should show when the tab opens: a tab page takes no query of its own. */
export interface ListIntent {
  categoryId?: string
  focusSearch?: boolean
}

export const listIntent = ref<ListIntent | null>(null)

type Query = Record<string, string | number | undefined>

function url(page: string, query: Query): string {
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  return `/pages/${page}/${page}${pairs.length ? `?${pairs.join('&')}` : ''}`
}

export function open(page: string, query: Query = {}): void {
  uni.navigateTo({ url: url(page, query) })
}

/** Takes this page's place in the history, for steps that must not be gone back to. */
export function replace(page: string, query: Query = {}): void {
  uni.redirectTo({ url: url(page, query) })
}

export function openTab(page: 'home' | 'products' | 'cart' | 'me'): void {
  uni.switchTab({ url: url(page, {}) })
}

export function openList(intent: ListIntent): void {
  listIntent.value = intent
  openTab('products')
}

/** Back, or home when the page was opened directly. */
export function back(): void {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else openTab('home')
}

export function toast(title: string): void {
  uni.showToast({ title, icon: 'none', duration: 2200 })
}

export function ask(title: string, content: string, confirmText: string, cancelText: string): Promise<boolean> {
  return new Promise((resolve) => {
    uni.showModal({
      title,
      content,
      confirmText,
      cancelText,
      success: (answer) => resolve(answer.confirm),
      fail: () => resolve(false),
    })
  })
}
