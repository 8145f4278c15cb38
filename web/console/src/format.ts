/** How figures, times and files look to a reader. */
import { lang } from '@/i18n'

/** Fen as yuan: 123450 -> ¥1,234.50. */
export function yuan(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return '–'
  const sign = fen < 0 ? '−' : ''
  const abs = Math.abs(fen)
  const whole = Math.trunc(abs / 100).toLocaleString('en-US')
  return `${sign}¥${whole}.${String(abs % 100).padStart(2, '0')}`
}

/** A figure that fits a tile: 1,234 or 12.3万 / 123K. */
export function compact(value: number): string {
  if (Math.abs(value) < 100_000) return value.toLocaleString('en-US')
  return new Intl.NumberFormat(lang.value === 'zh' ? 'zh-CN' : 'en', {
    notation: 'compact',
    maximumFractionDigits: 1,
  }).format(value)
}

export function compactYuan(fen: number): string {
  return Math.abs(fen) < 10_000_000 ? yuan(fen) : `¥${compact(Math.round(fen / 100))}`
}

/** What was typed as yuan, in fen; null when it is not an amount with at most two decimals. */
export function toFen(text: string): number | null {
  const match = /^(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!match) return null
  return Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
}

/** Fen as the text of an input: 123450 -> 1234.50. */
export function fromFen(fen: number | null | undefined): string {
  if (fen === null || fen === undefined) return ''
  return fen % 100 === 0 ? String(fen / 100) : (fen / 100).toFixed(2)
}

const two = (n: number): string => String(n).padStart(2, '0')

/** A moment in the reader's time zone: 11-22 14:05, with the year when it is another one. */
export function moment(at: string | null | undefined, seconds = false): string {
  if (!at) return '–'
  const d = new Date(at)
  if (Number.isNaN(d.getTime())) return at
  const day = `${two(d.getMonth() + 1)}-${two(d.getDate())}`
  const time = `${two(d.getHours())}:${two(d.getMinutes())}${seconds ? ':' + two(d.getSeconds()) : ''}`
  const year = d.getFullYear() === new Date().getFullYear() ? '' : `${d.getFullYear()}-`
  return `${year}${day} ${time}`
}

export function rate(part: number, whole: number): string {
  if (whole <= 0) return '–'
  const value = (part / whole) * 100
  return `${value >= 99.95 || value < 0.05 ? Math.round(value) : value.toFixed(1)}%`
}

export const options = (values: string[]): string => values.join(' / ')
