import { locale } from '@/i18n'

/** Fen as yuan with two decimals, without the sign of the currency: 12345 -> "123.45". */
export function yuan(fen: number): string {
  const amount = Math.abs(Math.round(fen))
  return `${fen < 0 ? '-' : ''}${Math.floor(amount / 100)}.${String(amount % 100).padStart(2, '0')}`
}

/** Fen for the eye: 12345 -> "¥123.45", -500 -> "-¥5.00". */
export function money(fen: number): string {
  return fen < 0 ? `-¥${yuan(-fen)}` : `¥${yuan(fen)}`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** A time of the API in the shopper's own zone: 2026-05-01 09:30. */
export function moment(at: string | null | undefined): string {
  if (!at) return ''
  const time = new Date(at)
  if (Number.isNaN(time.getTime())) return ''
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}:${two(time.getMinutes())}`
}

/** Seconds left as 14:59, or 1:02:03 above an hour. */
export function clock(seconds: number): string {
  const rest = Math.max(0, Math.floor(seconds))
  const hours = Math.floor(rest / 3600)
  const tail = `${two(Math.floor((rest % 3600) / 60))}:${two(rest % 60)}`
  return hours ? `${hours}:${tail}` : tail
}

/** Large counts as people read them: 12,300 -> 1.2万 / 12.3k. */
export function count(value: number): string {
  if (locale.value === 'en') return value >= 1000 ? `${(value / 1000).toFixed(1).replace(/\.0$/, '')}k` : String(value)
  return value >= 10_000 ? `${(value / 10_000).toFixed(1).replace(/\.0$/, '')}万` : String(value)
}
