import type { Case, CaseDetail, CaseEvent, CaseKind, CaseLine, CaseRefund } from '@/api/aftersale'
import { t, type MessageKey } from '@/i18n'

import { money } from './format'

const KINDS: Record<CaseKind, MessageKey> = { refund: 'after.refund', return: 'after.return', exchange: 'after.exchange' }

export const kindName = (kind: CaseKind): string => t(KINDS[kind])

const ENDED = new Set(['completed', 'rejected', 'withdrawn'])

export const isEnded = (one: Case): boolean => ENDED.has(one.state)

/** The state as the shopper reads it: whose turn it is counts more than its name. */
export function caseState(one: Case): string {
  if (one.state === 'applied' && one.waiting_for === 'shopper') return t('after.state.offered')
  if (one.state === 'applied' && one.waiting_for === 'platform') return t('after.state.platform')
  if (one.state === 'completed') return t(one.kind === 'exchange' ? 'after.state.exchanged' : 'after.state.refunded')
  if (one.state === 'received' && one.kind === 'exchange') return t('after.state.toExchange')
  if (one.state === 'rejected' && one.dispute === 'for_merchant') return t('after.state.ruledForShop')
  return t(`after.state.${one.state}` as MessageKey)
}

/** What happens next, or what became of it, in one sentence. */
export function caseHint(one: Case): string {
  const amount = money(one.agreed_fen ?? one.asked_fen)
  switch (one.state) {
    case 'applied':
      if (one.waiting_for === 'platform') return t('after.hint.platform')
      return t(one.waiting_for === 'shopper' ? 'after.hint.offered' : 'after.hint.applied')
    case 'agreed':
      return t('after.hint.agreed')
    case 'returning':
      return t(one.kind === 'exchange' ? 'after.hint.returningExchange' : 'after.hint.returning')
    case 'received':
      return t('after.hint.received')
    case 'refunding':
      return t('after.hint.refunding', { amount })
    case 'completed':
      return one.kind === 'exchange' ? t('after.hint.exchanged') : t('after.hint.completed', { amount })
    case 'rejected':
      return t(one.dispute === 'for_merchant' ? 'after.hint.ruledForShop' : 'after.hint.rejected')
    default:
      return t('after.hint.withdrawn')
  }
}

/** What the end of the time that is shown brings. */
export function dueHint(one: Case): string {
  if (one.state === 'applied') return t(one.waiting_for === 'shopper' ? 'after.due.answer' : 'after.due.agree')
  if (one.state === 'agreed') return t('after.due.send')
  if (one.state === 'received') return t('after.due.exchange')
  return t(one.kind === 'exchange' ? 'after.due.receiveExchange' : 'after.due.receive')
}

/** Seconds as people count down to something far: two units, the largest first. */
export function remaining(seconds: number): string {
  const days = Math.floor(seconds / 86400)
  const hours = Math.floor((seconds % 86400) / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  if (days) return t('after.time.days', { days, hours })
  return hours ? t('after.time.hours', { hours, minutes }) : t('after.time.minutes', { minutes, seconds: seconds % 60 })
}

export interface Station {
  name: string
  done: boolean
  now: boolean
}

const STATIONS: Record<CaseKind, MessageKey[]> = {
  refund: ['after.at.apply', 'after.at.shop', 'after.at.refund', 'after.at.done'],
  return: ['after.at.apply', 'after.at.shop', 'after.at.send', 'after.at.inspect', 'after.at.done'],
  exchange: ['after.at.apply', 'after.at.shop', 'after.at.send', 'after.at.inspect', 'after.at.exchanged'],
}
const REACHED: Record<string, number> = { applied: 1, agreed: 2, returning: 3, received: 4, refunding: 4 }

/** The way of a case from its beginning to its end; nothing for one that was refused or closed. */
export function stations(one: Case): Station[] {
  if (one.state === 'rejected' || one.state === 'withdrawn') return []
  const names = STATIONS[one.kind]
  const at = one.state === 'completed' ? names.length : one.kind === 'refund' && one.state === 'refunding' ? 2 : (REACHED[one.state] ?? 1)
  const judged = one.waiting_for === 'platform'
  return names.map((name, index) => ({ name: t(judged && index === 1 ? 'after.at.platform' : name), done: index < at, now: index === at }))
}

const STEPS = new Set([
  'applied', 'given', 'agreed', 'auto_agreed', 'rejected', 'withdrawn', 'not_answered', 'not_sent', 'proposed', 'proposal_accepted',
  'insisted', 'sent', 'received', 'auto_received', 'not_exchanged', 'refund_decided', 'completed', 'exchanged', 'disputed',
  'ruled_for_shopper', 'ruled_for_merchant', 'put_off',
])

export function stepName(event: CaseEvent): string {
  if (event.step === 'evidence') return t(event.actor === 'shopper' ? 'after.step.evidence' : 'after.step.shopEvidence')
  return STEPS.has(event.step) ? t(`after.step.${event.step}` as MessageKey) : event.step
}

const REFUNDS = new Set(['applied', 'processing', 'success', 'closed', 'abnormal'])

export const refundState = (state: string): string => (REFUNDS.has(state) ? t(`after.refund.${state}` as MessageKey) : state)

const TENDERS = new Set(['wechat', 'wallet', 'alipay', 'cash', 'card'])

export const tenderName = (tender: string): string => (TENDERS.has(tender) ? t(`after.tender.${tender}` as MessageKey) : tender)

/** Where the money is, and when it can be expected. */
export function arrival(refund: CaseRefund): string {
  if (refund.state === 'success') return TENDERS.has(refund.tender) ? t(`after.arrived.${refund.tender}` as MessageKey) : ''
  if (refund.state === 'abnormal' || refund.state === 'closed') return t('after.arrives.abnormal')
  return TENDERS.has(refund.tender) ? t(`after.arrives.${refund.tender}` as MessageKey) : ''
}

/** What an exchange brings: another variant, or the same again. */
export const exchangeName = (line: CaseLine): string => line.exchange_title ?? t('after.sameAgain')

/** What the merchant said with the latest offer. */
export const offerNote = (one: CaseDetail): string => [...one.events].reverse().find((event) => event.step === 'proposed')?.note ?? ''

export const COURIERS = ['顺丰速运', '京东快递', '中通快递', '圆通速递', '申通快递', '韵达快递', '极兔速递', 'EMS', '德邦快递']
