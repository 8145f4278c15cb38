import type { Order, OrderState } from '@/api/types'
import { t, type MessageKey } from '@/i18n'

const NAMES: Record<OrderState, MessageKey> = {
  unpaid: 'state.unpaid',
  paid: 'state.paid',
  partially_delivered: 'state.partiallyDelivered',
  delivered: 'state.delivered',
  completed: 'state.completed',
  cancelled: 'state.cancelled',
}

const REFUNDS: Record<string, MessageKey> = {
  partially_refunded: 'state.partlyRefunded',
  refunded: 'state.refunded',
}

/** The state as the shopper says it: all of it paid back counts most; a paid pickup order waits at the store, not for a parcel. */
export function stateName(order: Order): string {
  if (order.refund_status === 'refunded') return t('state.refunded')
  if (order.state === 'paid' && order.delivery.method === 'pickup') return t('state.readyForPickup')
  return t(NAMES[order.state] ?? 'state.unknown')
}

export function refundName(order: Order): string {
  const key = REFUNDS[order.refund_status]
  return order.refunded_fen > 0 && order.refund_status !== 'refunded' && key ? t(key) : ''
}

export const pieces = (order: Order): number => order.lines.reduce((sum, line) => sum + line.quantity, 0)

export const canConfirm = (order: Order): boolean =>
  order.state === 'delivered' && order.delivery.method === 'ship' && order.refund_status !== 'refunded'
