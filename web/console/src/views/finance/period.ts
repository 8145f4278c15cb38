/** Days of the book: China's, whatever the reader's time zone. */
export interface Days {
  first: string
  last: string
}

export const today = (): string => new Date(Date.now() + 8 * 3600_000).toISOString().slice(0, 10)

export function shift(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86400_000).toISOString().slice(0, 10)
}

export type Preset = 'thisMonth' | 'lastMonth' | 'days90' | 'all'

export function daysOf(preset: Preset): Days {
  const now = today()
  const firstOfMonth = `${now.slice(0, 7)}-01`
  if (preset === 'thisMonth') return { first: firstOfMonth, last: now }
  if (preset === 'lastMonth') {
    const last = shift(firstOfMonth, -1)
    return { first: `${last.slice(0, 7)}-01`, last }
  }
  return preset === 'days90' ? { first: shift(now, -89), last: now } : { first: '', last: '' }
}
