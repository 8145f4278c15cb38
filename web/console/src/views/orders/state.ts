/** How an order's state is named and coloured; one to be picked up waits for its shopper, not for a courier. */
import type { Tone } from '@/components/StateTag.vue'
import type { Order, OrderState } from '@/api/types'
import { named, t } from '@/i18n'

const tones: Record<OrderState, Tone> = {
  unpaid: 'wait',
  paid: 'info',
  partially_delivered: 'info',
  delivered: 'good',
  completed: 'good',
  cancelled: 'off',
}

export function orderState(order: Pick<Order, 'state' | 'delivery'>): { tone: Tone; text: string } {
  const tone = tones[order.state] ?? 'off'
  if (order.delivery.method === 'pickup' && order.state === 'paid') return { tone, text: t.orders.waitingPickup }
  if (order.delivery.method === 'pickup' && order.state === 'delivered') return { tone, text: t.orders.pickedUp }
  return { tone, text: named(t.orders.states, order.state) }
}

export const orderStates: OrderState[] = ['unpaid', 'paid', 'partially_delivered', 'delivered', 'completed', 'cancelled']

/** Paid and not all of it delivered yet. */
export const shippable = (order: Order): boolean =>
  order.delivery.method === 'ship' && (order.state === 'paid' || order.state === 'partially_delivered')

export const collectable = (order: Order): boolean => order.delivery.method === 'pickup' && order.state === 'paid'
