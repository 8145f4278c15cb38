import type { Case, CaseEvent, CaseKind } from '@/api/aftersale'
import { t, type MessageKey } from '@/i18n'

const KINDS: Record<CaseKind, MessageKey> = { refund: 'after.refund', return: 'after.return', exchange: 'after.exchange' }

export const kindName = (kind: CaseKind): string => t(KINDS[kind])

/** The state as the shopper reads it: whose turn it is counts more than its name. */
export function caseState(one: Case): string {
  if (one.state === 'applied' && one.waiting_for === 'shopper') return t('after.state.offered')
  if (one.state === 'applied' && one.waiting_for === 'platform') return t('after.state.platform')
  return t(`after.state.${one.state}` as MessageKey)
}

const STEPS = new Set([
  'applied', 'agreed', 'auto_agreed', 'rejected', 'withdrawn', 'not_answered', 'not_sent', 'proposed', 'proposal_accepted',
  'insisted', 'sent', 'received', 'auto_received', 'refund_decided', 'completed', 'exchanged', 'disputed',
  'ruled_for_shopper', 'ruled_for_merchant', 'evidence', 'put_off',
])

export const stepName = (event: CaseEvent): string =>
  STEPS.has(event.step) ? t(`after.step.${event.step}` as MessageKey) : event.step

const REFUNDS = new Set(['applied', 'processing', 'success', 'closed', 'abnormal'])

export const refundState = (state: string): string => (REFUNDS.has(state) ? t(`after.refund.${state}` as MessageKey) : state)
