import type { Touchpoint } from '@/api/types'
import { t } from '@/i18n'

/** What a shopper met, in a few words: the label's name and where it stands; the friend who shared. */
export function told(p: Touchpoint): string {
  if (p.kind === 'share') return p.sharer_name ? t.orders.sharedBy(p.sharer_name) : t.orders.sharedBySomebody
  const place = [p.store_name, p.counter_name, p.staff_name].filter(Boolean)
  const label = p.label_name ?? p.label_code
  return [label && !place.includes(label) ? label : '', ...place].filter(Boolean).join(' · ')
}
