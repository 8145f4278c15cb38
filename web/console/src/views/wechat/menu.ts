/** WeChat's rules for a menu: three buttons, five entries below each, and what each kind of button needs. */
import type { MenuButton } from '@/api/types'

export const MOST_BUTTONS = 3
export const MOST_ENTRIES = 5

export const copied = (button: MenuButton): MenuButton => {
  const copy = { ...button }
  if (button.sub_button?.length) copy.sub_button = button.sub_button.map((b) => ({ ...b }))
  else delete copy.sub_button
  return copy
}

export function complete(buttons: MenuButton[]): boolean {
  return buttons.every((b) => {
    if (!b.name.trim()) return false
    if (b.sub_button) return b.sub_button.length > 0 && complete(b.sub_button)
    if (b.type === 'click') return !!b.key?.trim()
    if (b.type === 'miniprogram') return !!(b.appid?.trim() && b.pagepath?.trim() && b.url?.trim())
    return !!b.url?.trim()
  })
}

/** Only what its kind of button has. */
export function wire(buttons: MenuButton[]): MenuButton[] {
  return buttons.map((b) => {
    const name = b.name.trim()
    if (b.sub_button) return { name, sub_button: wire(b.sub_button) }
    if (b.type === 'click') return { name, type: 'click', key: b.key?.trim() }
    if (b.type === 'miniprogram')
      return { name, type: 'miniprogram', appid: b.appid?.trim(), pagepath: b.pagepath?.trim(), url: b.url?.trim() }
    return { name, type: 'view', url: b.url?.trim() }
  })
}
