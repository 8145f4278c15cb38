/** Terms, rules and statements in words. */
import type { Rule, Statement, Terms } from '@/api/settlement'
import { fromFen, yuan } from '@/format'
import { named, t } from '@/i18n'
import type { Tone } from '@/components/StateTag.vue'

export const percent = (bp: number): string => `${bp / 100}%`
export const ended = (rule: Rule): boolean => !!rule.valid_until && new Date(rule.valid_until) <= new Date()

/** What a rule takes: its percentage, fixed parts and tiers. */
export function takes(rule: Rule): string[] {
  const parts = [percent(rule.percent_bp)]
  if (rule.per_line_fen) parts.push(t.settlement.fixedLine(yuan(rule.per_line_fen)))
  if (rule.per_order_fen) parts.push(t.settlement.fixedOrder(yuan(rule.per_order_fen)))
  return [parts.join(' + '), ...rule.tiers.map((s) => `${t.settlement.fromTurnover(yuan(s.from_fen))} → ${percent(s.percent_bp)}`)]
}

/** Whom a rule fits; a merchant by its name where we know it. */
export function fits(rule: Rule, nameOf: (id: string) => string): string {
  const who = [rule.for_merchant_id && nameOf(rule.for_merchant_id), rule.category, rule.plan_code]
  return who.filter(Boolean).join(' · ') || t.settlement.everybody
}

export const cycleWords = (terms: Terms): string => `${named(t.settlement.everyDays, terms.cycle)} · ${t.settlement.delayWords(terms.delay_days)}`

const HOUR = 3600_000
const two = (n: number): string => String(n).padStart(2, '0')

/** A period by China's calendar, as periods are: whole days by their dates, what was cut short by the minute. */
export function periodWords(s: Statement): string {
  const [from, to] = [s.period_from, s.period_to].map((at) => new Date(new Date(at).getTime() + 8 * HOUR)) as [Date, Date]
  const midnight = (d: Date): boolean => d.getTime() % (24 * HOUR) === 0
  const day = (d: Date): string => `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`
  const exact = (d: Date): string => `${day(d)} ${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`
  if (!midnight(from) || !midnight(to)) return `${exact(from)} – ${exact(to)}`
  const last = day(new Date(to.getTime() - HOUR))
  return day(from) === last ? last : `${day(from)} – ${last}`
}

export const toneOf = (s: Statement): Tone => (s.state === 'paid' ? 'good' : s.state === 'closed' ? 'wait' : 'info')

/** What is due, without a sign: who owes is said beside it. */
export const dueWords = (fen: number): string => `${fen < 0 ? t.settlement.dueToPlatform : t.settlement.dueToMerchant} ${yuan(Math.abs(fen))}`

/** What was typed as yuan with a sign, in fen; null when it is no amount. */
export function signedFen(text: string): number | null {
  const match = /^([-−+]?)(\d{1,9})(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (!match) return null
  const fen = Number(match[2]) * 100 + Number((match[3] ?? '').padEnd(2, '0'))
  return match[1] && match[1] !== '+' ? -fen : fen
}

export const signedText = (fen: number): string => (fen < 0 ? `-${fromFen(-fen)}` : fromFen(fen))
