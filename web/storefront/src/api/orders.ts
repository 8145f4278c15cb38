import { merchantCode } from '@/composables/merchant'

import { newKey, request } from './http'
import type { DeliveryRequest, LineRequest, Order, Page, PayBy, Payment, PayMethod, PlaceRequest, Quote } from './types'

const shop = (): string => `/api/shop/${merchantCode.value}`

/** With `usePoints` as many of the shopper's points pay as may be; without, the quote says what they could. */
export const quote = (lines: LineRequest[], delivery: DeliveryRequest, usePoints: boolean): Promise<Quote> =>
  request('POST', `${shop()}/quote`, { body: { lines, delivery, use_points: usePoints } })

/**
 * Fails with `out_of_stock` and `not_on_sale` (extra: `sku_ids`), `price_changed` (extra: `lines`, `total_fen`), or
 * `points_insufficient` and `points_not_usable` when the points are not what they were.
 */
export const place = (body: PlaceRequest, idempotencyKey: string): Promise<Order> =>
  request('POST', `${shop()}/orders`, { body, idempotencyKey })

export const listOrders = (state: string, cursor: string | null): Promise<Page<Order>> =>
  request('GET', `${shop()}/orders`, { query: { state, cursor, limit: 10 } })

export const getOrder = (orderId: string): Promise<Order> => request('GET', `${shop()}/orders/${orderId}`)

/** Only an unpaid order can be cancelled; otherwise `wrong_state`. */
export const cancelOrder = (orderId: string, reason: string): Promise<Order> =>
  request('POST', `${shop()}/orders/${orderId}/cancel`, { body: { reason }, idempotencyKey: newKey() })

/** `walletFen` of it comes from the wallet; the method "wallet" takes the whole from there, at once. */
export const payOrder = (orderId: string, method: PayMethod | 'wallet', walletFen = 0): Promise<Payment> =>
  request('POST', `${shop()}/orders/${orderId}/pay`, { body: { method, wallet_fen: walletFen }, idempotencyKey: newKey() })

/** Which ways to pay the merchant has connected. */
export const paymentMethods = (): Promise<Record<PayBy, boolean>> => request('GET', `${shop()}/payment-methods`)

/** Makes the platform ask WeChat when no notification has come; rate limited, so use it sparingly. */
export const syncPayment = (orderId: string): Promise<Order> =>
  request('POST', `${shop()}/orders/${orderId}/sync-payment`, { body: {} })

export const confirmReceipt = (orderId: string): Promise<Order> =>
  request('POST', `${shop()}/orders/${orderId}/confirm-receipt`, { body: {}, idempotencyKey: newKey() })
