/** What stands beside the column in a wide window: whose shop this is, and the way to the same page on a phone. */
import { watch, watchEffect } from 'vue'

import { qrUrl } from '@/composables/qr'
import { merchant } from '@/composables/theme'
import { locale, t } from '@/i18n'

import './styles/desktop.scss'

function element(parent: Element, kind: string, name: string): HTMLElement {
  const made = document.createElement(kind)
  made.className = name
  parent.appendChild(made)
  return made
}

const left = element(document.body, 'aside', 'desk desk--left')
const name = element(left, 'div', 'desk__name')
const intro = element(left, 'div', 'desk__intro')
const right = element(document.body, 'aside', 'desk desk--right')
const picture = element(right, 'img', 'desk__qr') as HTMLImageElement
const hint = element(right, 'div', 'desk__hint')

function drawCode(): void {
  // Where a code is to be paid, a second one would only be scanned by mistake.
  right.hidden = window.location.hash.startsWith('#/pages/pay/')
  picture.src = qrUrl(window.location.href)
}

watchEffect(() => {
  name.textContent = merchant.value?.name ?? ''
  intro.textContent = merchant.value?.intro ?? ''
})
watch(
  locale,
  () => {
    hint.textContent = t('desktop.scan')
    picture.alt = t('desktop.scan')
  },
  { immediate: true },
)
window.addEventListener('hashchange', drawCode)
// The router moves by the history's own calls, which no event tells of.
for (const method of ['pushState', 'replaceState'] as const) {
  const original = history[method].bind(history)
  history[method] = (...values: Parameters<History['pushState']>) => {
    original(...values)
    drawCode()
  }
}
drawCode()
